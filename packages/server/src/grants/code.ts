import type { Millis } from '../clock.ts';
import type { GrantId } from '../tokens/grant-id.ts';
import type { Vehicle } from './vehicle.ts';
import type { VehicleData } from './vehicle-data.ts';

/** How long an authorization code may be exchanged: 10 minutes, as RFC 6749 §4.1.2 advises. */
export const CODE_LIFETIME_SECONDS = 600;

/**
 * How long its own client may present a used code again without harm: a browser that reloads the client's callback page, or
 * an owner who presses twice.
 */
export const CODE_RELOAD_SECONDS = 10;

/** How long a store keeps a code at least, so that an expired code is reported as expired. */
export const CODE_KEPT_SECONDS = CODE_LIFETIME_SECONDS + 3600;

/** What an owner agreed to and the client has not redeemed yet. The code itself is derived from it and not stored. */
export type AuthorizationCode = {
  /** The id of the grant that its redemption creates. */
  readonly grantId: GrantId;
  readonly clientId: string;
  /** As the authorization request named it; `undefined` where it named none and so meant the only registered one. */
  readonly redirectUri: string | undefined;
  /** PKCE with S256 (RFC 7636): 43 characters of base64url; `undefined` where the client sent none. */
  readonly codeChallenge: string | undefined;
  /** The thumbprint of the key that the code is bound to (`dpop_jkt`, RFC 9449 §10). Absent for none. */
  readonly keyThumbprint?: string | undefined;
  readonly issuedAtMs: Millis;
  readonly subject: string;
  readonly scope: string;
  readonly brand: string | undefined;
  readonly vehicles: readonly Vehicle[];
  /** As in `Grant`. */
  readonly vehicleData?: VehicleData | undefined;
};

/** A code, and whether it was redeemed. */
export type CodeState = AuthorizationCode & {
  /** `undefined` until it is redeemed. */
  readonly redeemedAtMs: Millis | undefined;
  /** Of the `Idempotency-Key` that came with the redemption. */
  readonly useDigest: Uint8Array | undefined;
};
