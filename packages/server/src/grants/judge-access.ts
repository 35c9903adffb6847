import type { Client } from '../clients/client.ts';
import { isFromFuture } from '../clock.ts';
import type { Now, Seconds } from '../clock.ts';
import { senderConstraintOf } from '../clients/sender-constraint.ts';
import type { Binding } from '../tokens/binding.ts';
import type { OpenedAccessToken } from '../tokens/access-token.ts';
import { allowedScopeOf, intersect, selectedScope } from './access-scope.ts';
import type { Grant } from './grant.ts';
import { accessExpiresAt, isAccessOver } from './standing.ts';

/** What an active access token gives access to. */
export type Access = {
  readonly grant: Grant;
  readonly client: Client;
  /** Of the access token; what the client is no longer allowed is not in it. */
  readonly scope: string;
  /** What its sender must show besides the token. Absent for nothing. */
  readonly binding?: Binding | undefined;
  readonly issuedAt: Seconds;
  readonly expiresAt: Seconds;
};

/**
 * Whether an access token issued at this time is active: until it expires, whatever was refreshed since, unless its grant was
 * revoked (`hasEndedAccess`) or its client disabled. One that was issued far in the future comes from a clock that ran ahead: it
 * would outlive its lifetime by as much, so it is not active, and its client refreshes. Nor is one that any bearer may use, once
 * the client's policy wants its tokens bound.
 */
export const judgeAccess = (
  grant: Grant,
  client: Client,
  { issuedAt, selection, binding }: Pick<OpenedAccessToken, 'issuedAt' | 'selection' | 'binding'>,
  now: Now,
): Access | undefined => {
  if (client.disabledAtMs !== undefined || hasEndedAccess(grant, client)) return undefined;
  if (binding === undefined && senderConstraintOf(client.policy) !== 'none') return undefined;
  if (isAccessOver(grant, client.policy, issuedAt, now) || isFromFuture(issuedAt, now.nowMs))
    return undefined;
  const expiresAt = accessExpiresAt(grant, client.policy, issuedAt);
  const allowed = allowedScopeOf(grant, client.policy);
  const scope = selection === undefined ? allowed : intersect(selectedScope(grant.scope, selection), allowed);
  const access = { grant, client, scope, issuedAt, expiresAt };
  return binding === undefined ? access : { ...access, binding };
};

/**
 * Whether a revocation has ended the access tokens of a grant too. After a replay they may run out instead
 * (`onReplayAccessTokens`): nobody knows whether the thief or the client came second.
 */
export const hasEndedAccess = (
  { revocation }: Pick<Grant, 'revocation'>,
  { policy }: Pick<Client, 'policy'>,
): boolean =>
  revocation !== undefined && !(revocation.cause === 'replay' && policy.onReplayAccessTokens === 'expire');
