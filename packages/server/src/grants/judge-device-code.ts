import { leastAgeMs, toMillis } from '../clock.ts';
import type { Now, Seconds } from '../clock.ts';
import { CODE_LIFETIME_SECONDS } from './code.ts';
import type { CodeState } from './code.ts';
import { DEVICE_REPEAT_SECONDS } from './device-request.ts';
import { isVerified } from './judge-code.ts';
import type { CodeVerdict, PresentedCode } from './judge-code.ts';
import { isSameUse } from './use-digest.ts';

/**
 * The verdict on a device code whose owner approved: pure and total. It never passed through a browser, so a second use is
 * a device that lost the answer. Soon after the first use it gets the same tokens again; later it gets nothing, and
 * nothing is revoked.
 *
 * @see RFC 8628 §3.5
 */
export const judgeDeviceCode = (
  code: CodeState | undefined,
  { clientId, codeVerifier, useDigest, isRetryOfOurs }: PresentedCode,
  { overlapSeconds, ...now }: Now & { readonly overlapSeconds: Seconds },
): CodeVerdict => {
  if (code === undefined) return { kind: 'refuse', reason: 'code_unknown' };
  if (code.clientId !== clientId) return { kind: 'refuse', reason: 'code_client_mismatch' };
  if (!isVerified(code.codeChallenge, codeVerifier)) return { kind: 'refuse', reason: 'code_verifier_wrong' };
  if (code.redeemedAtMs === undefined)
    return leastAgeMs(code.issuedAtMs, now) < toMillis(CODE_LIFETIME_SECONDS)
      ? { kind: 'redeem' }
      : { kind: 'refuse', reason: 'code_expired' };
  if (isRetryOfOurs || isSameUse(code.useDigest, useDigest)) return { kind: 'repeat' };
  const repeatSeconds = Math.max(overlapSeconds, DEVICE_REPEAT_SECONDS);
  return leastAgeMs(code.redeemedAtMs, now) < toMillis(repeatSeconds)
    ? { kind: 'repeat' }
    : { kind: 'refuse', reason: 'code_reloaded' };
};
