import type { Client } from '../clients/client.ts';
import { toSeconds } from '../clock.ts';
import type { Clock } from '../clock.ts';
import { isCompactJwt, openAccessJwt } from '../tokens/access-jwt.ts';
import type { OpenedAccessJwt } from '../tokens/access-jwt.ts';
import { readingsOfAccessToken } from '../tokens/access-token.ts';
import type { OpenedAccessToken } from '../tokens/access-token.ts';
import type { KeyRing } from '../tokens/key-ring.ts';
import type { Shape } from '../tokens/shape.ts';
import { openTokenId } from '../tokens/token-id.ts';
import type { Grant } from '../grants/grant.ts';
import { hasNewerKey } from '../grants/newer-key.ts';
import { accessExpiresAt } from '../grants/standing.ts';
import type { Store } from '../grants/store.ts';

/** What an access token is checked with. */
export type AccessContext = {
  readonly store: Store;
  readonly keyRing: KeyRing;
  /** Told the newest key that the store knows of; answers whether the ring, read again if need be, lacks it. */
  readonly noticeKey: (newestKeyNumber: number) => boolean;
  readonly clock: Clock;
  /** Who issues JWTs, as `iss` has it; where it is absent, none opens. */
  readonly issuer?: string | undefined;
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
  const expiresAt = accessExpiresAt(grant, client.policy, issuedAt);
  const isAlive =
    grant.revocation === undefined && client.disabledAt === undefined && nowMs < expiresAt * 1000;
  return isAlive ? { grant, client, issuedAt, expiresAt } : undefined;
};

/**
 * What an access token stands for, opaque or a JWT; `undefined` for one that works no more or never did, and for one
 * of a client's own, behind which there is no owner. Throws `StoreError`.
 */
export const readAccess = async (
  context: AccessContext,
  shape: Shape,
  text: string,
): Promise<Access | undefined> => {
  if (isCompactJwt(text)) {
    const jwt = await openJwt(context, text);
    return jwt === undefined ? undefined : readJwtAccess(context, jwt);
  }
  if (shape.read(text) === 'malformed') return undefined;
  const { keyRing } = context;
  const found = await findOpaqueAccess(context, shape, text);
  if (found !== 'unknown') return found;
  if (!(await hasNewerKey(context, keyRing))) return undefined;
  const again = await findOpaqueAccess(context, shape, text);
  return again === 'unknown' ? undefined : again;
};

/** A JWT access token of ours that is not over, of a grant or a client's own. Throws `StoreError`. */
export const openJwt = async (context: AccessContext, text: string): Promise<OpenedAccessJwt | undefined> => {
  const { issuer, clock } = context;
  if (issuer === undefined) return undefined;
  const { keyRing } = context;
  const opened = await openAccessJwt(keyRing, issuer, text, toSeconds(clock()));
  if (opened !== 'key_unknown') return opened;
  if (!(await hasNewerKey(context, keyRing))) return undefined;
  const again = await openAccessJwt(context.keyRing, issuer, text, toSeconds(clock()));
  return again === 'key_unknown' ? undefined : again;
};

/** What a JWT of a grant stands for. It ends when it says, or sooner where the policy became shorter. */
export const readJwtAccess = async (
  context: AccessContext,
  { key, claims }: OpenedAccessJwt,
): Promise<Access | undefined> => {
  const opened = openTokenId(key, claims.jti);
  if (opened?.kind !== 'grant') return undefined;
  const access = await readOpened(context, opened);
  if (access === undefined || access === 'unknown') return undefined;
  return { ...access, expiresAt: Math.min(access.expiresAt, claims.exp) };
};

/**
 * What an opaque access token stands for, by the keys at hand. `undefined` for one that works no more; `unknown` for
 * one that opens to no grant that there is, if it opens at all.
 */
export const findOpaqueAccess = async (
  context: AccessContext,
  shape: Shape,
  text: string,
): Promise<Access | 'unknown' | undefined> => {
  for (const opened of readingsOfAccessToken(context.keyRing, shape, text)) {
    const access = await readOpened(context, opened);
    if (access !== 'unknown') return access;
  }
  return 'unknown';
};

const readOpened = async (
  { store, clock }: AccessContext,
  opened: OpenedAccessToken,
): Promise<Access | 'unknown' | undefined> => {
  const grant = await store.readGrant(opened.grantId);
  if (grant === undefined) return 'unknown';
  const { client } = await store.readClient(grant.clientId);
  return client === undefined ? undefined : judgeAccess(grant, client, opened, clock());
};
