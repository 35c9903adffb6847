import type { Policy } from '../clients/policy.ts';
import { toSeconds } from '../clock.ts';
import { StoreError } from '../errors.ts';
import { signAccessJwt } from '../tokens/access-jwt.ts';
import { sealAccessToken } from '../tokens/access-token.ts';
import { signingKeyAt } from '../tokens/key-ring.ts';
import type { KeyRing } from '../tokens/key-ring.ts';
import { sealRefreshToken } from '../tokens/refresh-token.ts';
import type { Shape } from '../tokens/shape.ts';
import { sealTokenId } from '../tokens/token-id.ts';
import type { Grant } from './grant.ts';
import { accessExpiresAt, standingOf } from './standing.ts';

/** How a dialect writes its tokens. */
export type TokenShapes = {
  readonly refreshToken: Shape;
  readonly accessToken: Shape;
  readonly code: Shape;
};

/** What tokens are made with. */
export type Minting = {
  readonly keyRing: KeyRing;
  /** Counts from 0 to `SERIAL_MAX` and round again: two access tokens of one grant and second differ by it. */
  readonly nextSerial: () => number;
  /** Who issues JWTs, as `iss` has it. Where it is absent, access tokens are opaque whatever the policy says. */
  readonly issuer?: string | undefined;
};

/** The pair of tokens a client gets. Times in integer seconds. */
export type TokenAnswer = {
  readonly accessToken: string;
  readonly expiresInSeconds: number;
  readonly refreshToken: string;
  readonly refreshExpiresInSeconds: number;
};

/**
 * The grant's current refresh token with a fresh access token. At once, but for a client that wants JWTs: signing one
 * takes a moment, which the store has no part in. Throws `StoreError` where the ring lacks the grant's key.
 */
export const issueTokens = (
  minting: Minting,
  shapes: TokenShapes,
  grant: Grant,
  policy: Policy,
  nowMs: number,
): TokenAnswer | Promise<TokenAnswer> => {
  const key = minting.keyRing.find(grant.keyNumber);
  if (key === undefined) throw new StoreError('unavailable', `the key ring lacks key ${grant.keyNumber}`);
  const issuedAt = toSeconds(nowMs);
  const serial = minting.nextSerial();
  const refreshToken = sealRefreshToken(key, shapes.refreshToken, grant.id, grant.generation);
  const expiresInSeconds = accessExpiresAt(grant, policy, issuedAt) - issuedAt;
  const refreshExpiresInSeconds = standingOf(grant, policy, nowMs).expiresAt - issuedAt;
  if (policy.accessTokenFormat === 'jwt' && minting.issuer !== undefined) {
    const made = { issuer: minting.issuer, policy, issuedAt, serial, expiresInSeconds };
    return signGrantJwt(minting.keyRing, grant, made).then((accessToken) => ({
      accessToken,
      expiresInSeconds,
      refreshToken,
      refreshExpiresInSeconds,
    }));
  }
  const accessToken = sealAccessToken(minting.keyRing.newest, shapes.accessToken, {
    grantId: grant.id,
    issuedAt,
    serial,
  });
  return { accessToken, expiresInSeconds, refreshToken, refreshExpiresInSeconds };
};

type Made = {
  readonly issuer: string;
  readonly policy: Policy;
  readonly issuedAt: number;
  readonly serial: number;
  readonly expiresInSeconds: number;
};

const signGrantJwt = (
  ring: KeyRing,
  { id: grantId, clientId, subject, scope }: Grant,
  { issuer, policy, issuedAt, serial, expiresInSeconds }: Made,
): Promise<string> => {
  const key = signingKeyAt(ring, issuedAt);
  return signAccessJwt(key, {
    iss: issuer,
    sub: subject,
    aud: audienceOf(policy, issuer),
    client_id: clientId,
    scope,
    iat: issuedAt,
    exp: issuedAt + expiresInSeconds,
    jti: sealTokenId(key, { kind: 'grant', grantId, issuedAt, serial }),
  });
};

/** Whom a client's JWTs are for. */
export const audienceOf = ({ audience = '' }: Policy, issuer: string): string =>
  audience === '' ? issuer : audience;
