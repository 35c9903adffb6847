import { leastAgeMs, toMillis, toSeconds } from '../clock.ts';
import type { Now, Seconds } from '../clock.ts';
import { DEVICE_CODE_LIFETIME_SECONDS, POLL_TOLERANCE_SECONDS, SLOW_DOWN_SECONDS } from './device-request.ts';
import type { DeviceRequest } from './device-request.ts';

/** A device code as presented: opened, by an authenticated client. */
export type PresentedDevice = {
  readonly clientId: string;
  /** Integer seconds, as the device code carries them. */
  readonly issuedAt: Seconds;
};

/** What a device learns from a poll. */
export type PollOutcome =
  /** Its consent is a code under the same grant id, which the device redeems (`redeemCode`). */
  | 'approved'
  | 'declined'
  | 'pending'
  /** As `pending`, but the poll came too early: from now on the device waits longer. */
  | 'slow_down'
  | 'expired'
  | 'client_mismatch'
  | 'unknown';

/** What comes of an owner's decision. */
export type SettledOutcome = 'settled' | 'settled_before' | 'expired' | 'unknown' | 'client_unknown';

/** The outcome of a poll, and the request after it where the poll changes it. */
export type PollDecision = {
  readonly outcome: PollOutcome;
  readonly changed?: Pick<DeviceRequest, 'intervalSeconds' | 'polledAtMs'>;
};

/**
 * Decides a poll: pure and total. What the owner decided comes before everything else, so that neither a poll that is too
 * early nor one after the end hides it.
 *
 * @see RFC 8628 §3.5
 */
export const decidePoll = (
  request: DeviceRequest | undefined,
  { clientId, issuedAt }: PresentedDevice,
  now: Now,
): PollDecision => {
  const issuedAtMs = toMillis(issuedAt);
  const isExpired = leastAgeMs(issuedAtMs, now) >= toMillis(DEVICE_CODE_LIFETIME_SECONDS);
  if (request === undefined || toSeconds(request.issuedAtMs) !== issuedAt)
    return { outcome: isExpired ? 'expired' : 'unknown' };
  if (request.clientId !== clientId) return { outcome: 'client_mismatch' };
  if (request.settled !== undefined) return { outcome: request.settled };
  if (isExpired) return { outcome: 'expired' };
  const { intervalSeconds } = request;
  const changed = { intervalSeconds, polledAtMs: now.nowMs };
  if (!isTooEarly(request, now)) return { outcome: 'pending', changed };
  return {
    outcome: 'slow_down',
    changed: { ...changed, intervalSeconds: intervalSeconds + SLOW_DOWN_SECONDS },
  };
};

/** A clock that was set back since makes no poll too early. */
const isTooEarly = ({ polledAtMs, intervalSeconds }: DeviceRequest, { nowMs }: Now): boolean => {
  if (polledAtMs === undefined) return false;
  const sinceMs = nowMs - polledAtMs;
  return sinceMs >= 0 && sinceMs < toMillis(intervalSeconds - POLL_TOLERANCE_SECONDS);
};

/** Whether an owner can still decide: only once, and only before the end. */
export const decideSettlement = (
  request: DeviceRequest | undefined,
  now: Now,
): Exclude<SettledOutcome, 'client_unknown'> => {
  if (request === undefined) return 'unknown';
  if (request.settled !== undefined) return 'settled_before';
  const ageMs = leastAgeMs(request.issuedAtMs, now);
  return ageMs >= toMillis(DEVICE_CODE_LIFETIME_SECONDS) ? 'expired' : 'settled';
};
