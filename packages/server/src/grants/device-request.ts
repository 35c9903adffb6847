import type { Millis, Seconds } from '../clock.ts';
import type { GrantId } from '../tokens/grant-id.ts';

/** How long an owner has to enter the user code and decide (`expires_in`, RFC 8628 §3.2). */
export const DEVICE_CODE_LIFETIME_SECONDS = 600;

/** How long a device waits between two polls, until one of them comes too early. */
export const POLL_INTERVAL_SECONDS = 5;

/** How much longer a device has to wait from a poll on that came too early. @see RFC 8628 §3.5 */
export const SLOW_DOWN_SECONDS = 5;

/** How much too early a poll may come: networks and timers are not exact. */
export const POLL_TOLERANCE_SECONDS = 1;

/**
 * How long a device may repeat the poll that got its tokens, where its policy's overlap is not longer. Its interval is
 * longer than that of a retry at once, and a client doubles it after a lost answer (RFC 8628 §3.5).
 */
export const DEVICE_REPEAT_SECONDS = 120;

/** How long a store keeps a request at least, so that an expired one is reported as expired. */
export const DEVICE_REQUEST_KEPT_SECONDS = DEVICE_CODE_LIFETIME_SECONDS + 3600;

/** What a device asked for. The device code is derived from it and not stored. @see RFC 8628 §3.1 */
export type DeviceRequest = {
  /** The id of the grant that it can become. */
  readonly grantId: GrantId;
  readonly clientId: string;
  /** Eight letters, as `readUserCode` returns them. */
  readonly userCode: string;
  readonly scope: string;
  /** PKCE with S256 (RFC 7636), which some makers ask of devices too; `undefined` where the client sent none. */
  readonly codeChallenge: string | undefined;
  readonly issuedAtMs: Millis;
  readonly intervalSeconds: Seconds;
  /** Of the last poll. */
  readonly polledAtMs: Millis | undefined;
  /** `undefined` until the owner decides. */
  readonly settled: 'approved' | 'declined' | undefined;
};
