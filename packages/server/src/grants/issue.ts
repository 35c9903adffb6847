import type { Policy } from '../clients/policy.ts';
import { toSeconds } from '../clock.ts';
import { StoreError } from '../errors.ts';
import { sealAccessToken } from '../tokens/access-token.ts';
import type { KeyRing } from '../tokens/key-ring.ts';
import { sealRefreshToken } from '../tokens/refresh-token.ts';
import type { Shape } from '../tokens/shape.ts';
import type { Grant } from './grant.ts';
import { standingOf } from './standing.ts';

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
};

/** The pair of tokens a client gets. Times in integer seconds. */
export type TokenAnswer = {
  readonly accessToken: string;
  readonly expiresInSeconds: number;
  readonly refreshToken: string;
  readonly refreshExpiresInSeconds: number;
};

/** The grant's current refresh token with a fresh access token. Throws `StoreError` where the ring lacks its key. */
export const issueTokens = (
  minting: Minting,
  shapes: TokenShapes,
  grant: Grant,
  policy: Policy,
  nowMs: number,
): TokenAnswer => {
  const key = minting.keyRing.find(grant.keyNumber);
  if (key === undefined) throw new StoreError('unavailable', `the key ring lacks key ${grant.keyNumber}`);
  const issuedAt = toSeconds(nowMs);
  return {
    accessToken: sealAccessToken(minting.keyRing.newest, shapes.accessToken, {
      grantId: grant.id,
      issuedAt,
      serial: minting.nextSerial(),
    }),
    expiresInSeconds: policy.accessTokenLifetimeSeconds,
    refreshToken: sealRefreshToken(key, shapes.refreshToken, grant.id, grant.generation),
    refreshExpiresInSeconds: standingOf(grant, policy, nowMs).expiresAt - issuedAt,
  };
};
