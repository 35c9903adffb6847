import { toSeconds } from '../clock.ts';
import type { Clock } from '../clock.ts';
import { isCompactJwt, openAccessJwt } from '../tokens/access-jwt.ts';
import type { OpenedAccessJwt } from '../tokens/access-jwt.ts';
import { readingsOfAccessToken } from '../tokens/access-token.ts';
import type { OpenedAccessToken } from '../tokens/access-token.ts';
import type { KeyRing } from '../tokens/key-ring.ts';
import type { Shape } from '../tokens/shape.ts';
import { openTokenId } from '../tokens/token-id.ts';
import { intersect } from './access-scope.ts';
import { audienceOf } from './issue.ts';
import { judgeAccess } from './judge-access.ts';
import type { Access } from './judge-access.ts';
import { hasNewerKey } from './newer-key.ts';
import type { Store } from './store.ts';

/** What an access token is looked up with. */
export type AccessContext = {
  readonly store: Store;
  readonly keyRing: KeyRing;
  /** Gets the newest key number that the store knows; answers whether the ring, read again if needed, lacks that key. */
  readonly noticeKey: (newestKeyNumber: number) => boolean;
  readonly clock: Clock;
  /** The issuer of JWTs (`iss`); where it is absent, no JWT is accepted. */
  readonly issuer?: string | undefined;
};

/**
 * What an access token, opaque or a JWT, gives access to at this server. `undefined` for an inactive or unknown one, for
 * one whose audience is another server, and for one that was issued to the client itself, without an owner. Throws
 * `StoreError`.
 *
 * @see RFC 9068 §4 for the audience
 */
export const readAccess = async (
  context: AccessContext,
  shape: Shape,
  text: string,
): Promise<Access | undefined> => {
  const { issuer } = context;
  if (isCompactJwt(text)) {
    const jwt = await openJwt(context, text);
    return jwt === undefined || jwt.claims.aud !== issuer ? undefined : readJwtAccess(context, jwt);
  }
  if (shape.read(text) === 'malformed') return undefined;
  const access = await readOpaqueAccess(context, shape, text);
  return access === undefined || audienceOf(access.client.policy, issuer) !== issuer ? undefined : access;
};

const readOpaqueAccess = async (
  context: AccessContext,
  shape: Shape,
  text: string,
): Promise<Access | undefined> => {
  const { keyRing } = context;
  const found = await findOpaqueAccess(context, shape, text);
  if (found !== 'unknown') return found;
  if (!(await hasNewerKey(context, keyRing))) return undefined;
  const again = await findOpaqueAccess(context, shape, text);
  return again === 'unknown' ? undefined : again;
};

/** Opens a JWT access token of ours that has not expired, issued for a grant or to a client itself. Throws `StoreError`. */
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

/**
 * What a JWT of a grant gives access to. It expires at its `exp`, or earlier if the policy was shortened, and covers its
 * `scope`, or less if the client is allowed less since.
 */
export const readJwtAccess = async (
  context: AccessContext,
  { key, claims }: OpenedAccessJwt,
): Promise<Access | undefined> => {
  const opened = openTokenId(key, claims.jti);
  if (opened?.kind !== 'grant') return undefined;
  const access = await readOpened(context, opened);
  if (access === undefined || access === 'unknown') return undefined;
  return {
    ...access,
    scope: intersect(claims.scope, access.scope),
    expiresAt: Math.min(access.expiresAt, claims.exp),
  };
};

/**
 * What an opaque access token gives access to, with the current keys. `undefined` for an inactive one; `unknown` for one that
 * does not open, or opens to no existing grant.
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
