import type { Policy } from '../clients/policy.ts';
import { toSeconds } from '../clock.ts';
import type { Millis, Seconds } from '../clock.ts';
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

/** What issues tokens. */
export type TokenIssuer = {
  readonly keyRing: KeyRing;
  /** Counts from 0 to `SERIAL_MAX`, then from 0 again, so that two access tokens of one grant in one second differ. */
  readonly nextSerial: () => number;
  /** The `iss` of JWTs. Without it, access tokens are opaque whatever the policy says. */
  readonly issuer?: string | undefined;
};

/** The pair of tokens that a client gets. */
export type TokenAnswer = {
  readonly accessToken: string;
  readonly expiresInSeconds: Seconds;
  readonly refreshToken: string;
  readonly refreshExpiresInSeconds: Seconds;
};

/**
 * The grant's current refresh token with a new access token. Returned at once, except for JWTs, whose signing is
 * asynchronous. Throws `StoreError` where the ring lacks the grant's key.
 */
export const issueTokens = (
  tokenIssuer: TokenIssuer,
  shapes: TokenShapes,
  grant: Grant,
  policy: Policy,
  nowMs: Millis,
): TokenAnswer | Promise<TokenAnswer> => {
  const key = tokenIssuer.keyRing.find(grant.keyNumber);
  if (key === undefined) throw new StoreError('unavailable', `the key ring lacks key ${grant.keyNumber}`);
  const issuedAt = toSeconds(nowMs);
  const serial = tokenIssuer.nextSerial();
  const refreshToken = sealRefreshToken(key, shapes.refreshToken, grant.id, grant.generation);
  const expiresInSeconds = accessExpiresAt(grant, policy, issuedAt) - issuedAt;
  const refreshExpiresInSeconds = standingOf(grant, policy, nowMs).expiresAt - issuedAt;
  if (policy.accessTokenFormat === 'jwt' && tokenIssuer.issuer !== undefined) {
    const made = { issuer: tokenIssuer.issuer, policy, issuedAt, serial, expiresInSeconds };
    return signGrantJwt(tokenIssuer.keyRing, grant, made).then((accessToken) => ({
      accessToken,
      expiresInSeconds,
      refreshToken,
      refreshExpiresInSeconds,
    }));
  }
  const accessToken = sealAccessToken(tokenIssuer.keyRing.newest, shapes.accessToken, {
    grantId: grant.id,
    issuedAt,
    serial,
  });
  return { accessToken, expiresInSeconds, refreshToken, refreshExpiresInSeconds };
};

type JwtTimes = {
  readonly issuer: string;
  readonly policy: Policy;
  readonly issuedAt: number;
  readonly serial: number;
  readonly expiresInSeconds: number;
};

const signGrantJwt = (
  ring: KeyRing,
  { id: grantId, clientId, subject, scope }: Grant,
  { issuer, policy, issuedAt, serial, expiresInSeconds }: JwtTimes,
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

/** Whom a client's access tokens are for: the audience that its policy names, or else this server. */
export const audienceOf = <Issuer extends string | undefined>(
  { audience = '' }: Pick<Policy, 'audience'>,
  issuer: Issuer,
): string | Issuer => (audience === '' ? issuer : audience);
