import type { RedeemedGrant } from './decide-code.ts';
import type { Grant } from './grant.ts';
import type { Presented } from './judge.ts';

/** What a verdict, on a token or on a code, has in common. */
export type VerdictKind = { readonly kind: string; readonly reason?: string };

/**
 * Whether the client may lack the answer that gave it the grant's current refresh token. A client that presents that token has
 * received it, and one that presents an older predecessor had the one between.
 */
export const mayLackToken = (grant: Grant, { generation }: Pick<Presented, 'generation'>): boolean =>
  grant.generation - generation === 1;

/** Whether the client may lack the answer to the redemption of its code: a client that holds a later token received it. */
export const mayLackFirstToken = ({ grant }: RedeemedGrant): boolean =>
  grant?.generation === 0 && grant.revocation === undefined;

/** Whether a verdict assumes that the use before was answered. */
export const assumesAnswer = ({ kind, reason }: VerdictKind): boolean =>
  kind === 'replay' || (kind === 'refuse' && (reason === 'concurrent_use' || reason === 'code_reloaded'));

/** Whether a verdict leaves the grant as it is, so that it may rest on a row that is not locked. */
export const changesNothing = ({ kind }: VerdictKind): boolean => kind === 'repeat' || kind === 'refuse';
