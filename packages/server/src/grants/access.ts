import type { Client } from '../clients/client.ts';
import type { Clock } from '../clock.ts';
import { StoreError } from '../errors.ts';
import { openAccessToken } from '../tokens/access-token.ts';
import type { OpenedAccessToken } from '../tokens/access-token.ts';
import type { KeyRing } from '../tokens/key-ring.ts';
import type { Shape } from '../tokens/shape.ts';
import type { Grant } from './grant.ts';
import type { Store } from './store.ts';

/** What an access token is checked with. */
export type AccessContext = {
  readonly store: Store;
  readonly keyRing: KeyRing;
  /** Told the newest key that the store knows of; answers whether the ring, read again if need be, lacks it. */
  readonly noticeKey: (newestKeyNumber: number) => boolean;
  readonly clock: Clock;
};

/** What a living access token stands for. */
export type Access = {
  readonly grant: Grant;
  readonly client: Client;
  /** Integer seconds. */
  readonly issuedAt: number;
  readonly expiresAt: number;
};

/**
 * Whether an access token of this age still works: until its own end, whatever was refreshed meanwhile, unless its
 * grant or its client ended.
 */
export const judgeAccess = (
  grant: Grant,
  client: Client,
  { issuedAt }: Pick<OpenedAccessToken, 'issuedAt'>,
  nowMs: number,
): Access | undefined => {
  const { accessTokenLifetimeSeconds, grantLifetimeSeconds } = client.policy;
  const grantEnd =
    grantLifetimeSeconds === null ? Number.POSITIVE_INFINITY : grant.createdAt + grantLifetimeSeconds;
  const expiresAt = Math.min(issuedAt + accessTokenLifetimeSeconds, grantEnd);
  const isAlive =
    grant.revocation === undefined && client.disabledAt === undefined && nowMs < expiresAt * 1000;
  return isAlive ? { grant, client, issuedAt, expiresAt } : undefined;
};

/** What an opaque access token stands for; `undefined` for one that works no more or never did. Throws `StoreError`. */
export const readAccess = async (
  context: AccessContext,
  shape: Shape,
  text: string,
): Promise<Access | undefined> => {
  if (shape.read(text) === 'malformed') return undefined;
  const opened = openAccessToken(context.keyRing, shape, text);
  if (opened !== undefined) return readOpened(context, opened);
  // Another node may have sealed it with a key that is newer than the ring as last read.
  const { newestKeyNumber } = await context.store.readClient('');
  if (context.noticeKey(newestKeyNumber))
    throw new StoreError('unavailable', 'the key ring lacks a key that the store knows of');
  const again = openAccessToken(context.keyRing, shape, text);
  return again === undefined ? undefined : readOpened(context, again);
};

const readOpened = async (
  { store, clock }: AccessContext,
  opened: OpenedAccessToken,
): Promise<Access | undefined> => {
  const grant = await store.readGrant(opened.grantId);
  if (grant === undefined) return undefined;
  const { client } = await store.readClient(grant.clientId);
  return client === undefined ? undefined : judgeAccess(grant, client, opened, clock());
};
