import { endingOf, isFromFuture, readNow, toSeconds } from '../clock.ts';
import type { TimeContext } from '../clock.ts';
import { isCompactJwt, openAccessJwt } from '../tokens/access-jwt.ts';
import type { OpenedAccessJwt } from '../tokens/access-jwt.ts';
import { readingsOfAccessToken } from '../tokens/access-token.ts';
import type { OpenedAccessToken } from '../tokens/access-token.ts';
import { isOfShape } from '../tokens/binding.ts';
import { signKeysOf } from '../tokens/key-ring.ts';
import type { KeyRing } from '../tokens/key-ring.ts';
import type { RegisteredKey } from '../tokens/key-state.ts';
import type { Shape } from '../tokens/shape.ts';
import { openTokenId } from '../tokens/token-id.ts';
import { intersect } from './access-scope.ts';
import { audiencesOf, readAudience } from './audience.ts';
import { judgeAccess } from './judge-access.ts';
import type { Access } from './judge-access.ts';
import { hasNewerKey } from './newer-key.ts';
import type { Store } from './store.ts';

/** What an access token is looked up with. */
export type AccessContext = TimeContext & {
  readonly store: Store;
  readonly keyRing: KeyRing;
  /** Gets the keys that the store knows; answers whether the ring, read again if needed, lacks one of them. */
  readonly noticeKeys: (registered: readonly RegisteredKey[]) => boolean;
  /** The issuer of JWTs (`iss`); where it is absent, no JWT is accepted. */
  readonly issuer?: string | undefined;
};

/**
 * What an access token, opaque or a JWT, gives access to at this server. `undefined` for an inactive or unknown one, for
 * one whose audience is other servers only, and for one that was issued to the client itself, without an owner. Throws
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
    const isForUs = jwt !== undefined && readAudience(jwt.claims.aud).some((one) => one === issuer);
    return isForUs ? ofAudience(await readJwtAccess(context, jwt), issuer) : undefined;
  }
  if (!isOfShape(shape, text)) return undefined;
  return ofAudience(await readOpaqueAccess(context, shape, text), issuer);
};

/** The same for a token of any audience: what its own client may do with it, such as to end its grant. */
export const readOwnAccess = async (
  context: AccessContext,
  shape: Shape,
  text: string,
): Promise<Access | undefined> => {
  if (isCompactJwt(text)) {
    const jwt = await openJwt(context, text);
    return jwt === undefined ? undefined : readJwtAccess(context, jwt);
  }
  return shape.read(text) === 'malformed' ? undefined : readOpaqueAccess(context, shape, text);
};

/** The access, if this server is among the audiences that its client has now. */
const ofAudience = (access: Access | undefined, issuer: string | undefined): Access | undefined =>
  access !== undefined && audiencesOf(access.client.policy, issuer).includes(issuer) ? access : undefined;

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
  const { issuer, keyRing } = context;
  if (issuer === undefined) return undefined;
  const opened = await openInTime(context, issuer, text);
  if (opened !== 'key_unknown') return opened;
  if (!(await hasNewerKey(context, keyRing))) return undefined;
  const again = await openInTime(context, issuer, text);
  return again === 'key_unknown' ? undefined : again;
};

const openInTime = async (
  context: AccessContext,
  issuer: string,
  text: string,
): Promise<OpenedAccessJwt | 'key_unknown' | undefined> => {
  const now = readNow(context);
  const opened = await openAccessJwt(context.keyRing, issuer, text, toSeconds(now.nowMs));
  if (typeof opened !== 'object') return opened;
  const { iat, exp } = opened.claims;
  const isOver = endingOf(iat, exp - iat, now) !== 'running';
  return isOver || isFromFuture(iat, now.nowMs) ? undefined : opened;
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
  const access = await readOpened(context, { ...opened, binding: claims.binding });
  if (access === undefined || access === 'unknown') return undefined;
  // The key may have been withdrawn since the ring was read.
  const current = signKeysOf(context.keyRing).find(({ number }) => number === key.number);
  if (current?.withdrawal !== undefined) return undefined;
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
  const { keyRing } = context;
  for (const opened of readingsOfAccessToken(keyRing, shape, text)) {
    const access = await readOpened(context, opened);
    if (access !== 'unknown' && stillOpens(context, keyRing, { shape, text, opened })) return access;
  }
  return 'unknown';
};

/** Whether the token still opens: reading the client may have shown that its key was withdrawn. */
const stillOpens = (
  context: AccessContext,
  ringBefore: KeyRing,
  {
    shape,
    text,
    opened,
  }: { readonly shape: Shape; readonly text: string; readonly opened: OpenedAccessToken },
): boolean =>
  context.keyRing === ringBefore ||
  readingsOfAccessToken(context.keyRing, shape, text).some(({ grantId }) => grantId === opened.grantId);

const readOpened = async (
  context: AccessContext,
  opened: OpenedAccessToken,
): Promise<Access | 'unknown' | undefined> => {
  const { store } = context;
  const grant = await store.readGrant(opened.grantId);
  if (grant === undefined) return 'unknown';
  const { client, keys } = await store.readClient(grant.clientId);
  context.noticeKeys(keys);
  return client === undefined ? undefined : judgeAccess(grant, client, opened, readNow(context));
};
