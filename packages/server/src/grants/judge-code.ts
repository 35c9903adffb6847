import { hash } from 'node:crypto';
import { earliestMsOf, leastAgeMs, toMillis, toSeconds } from '../clock.ts';
import type { Now, Seconds } from '../clock.ts';
import type { DeadCodeReason } from '../errors.ts';
import type { OpenedCode } from '../tokens/authorization-code.ts';
import { CODE_RELOAD_SECONDS } from './code.ts';
import type { CodeState } from './code.ts';
import { isSameUse } from './use-digest.ts';
import { scopeOfNarrowed } from './vehicle-data.ts';
import type { NarrowedData } from './vehicle-data.ts';

/** A code as presented: opened, by an authenticated client. */
export type PresentedCode = OpenedCode & {
  readonly clientId: string;
  readonly brand: string | undefined;
  /** `undefined` where the client may omit it and did. */
  readonly redirectUri: string | undefined;
  /** The only one that is registered for the client; `undefined` where there are several. */
  readonly onlyRedirectUri: string | undefined;
  readonly codeVerifier: string | undefined;
  /** Of the key that the request proved. Absent for none. */
  readonly keyThumbprint?: string | undefined;
  /** Whether a device presents its device code, which stands for what the owner approved. `issuedAt` is that of the device code. */
  readonly isDevice?: true;
  /** Which of the vehicle data its access token is to be for; absent for all. */
  readonly narrowed?: NarrowedData | undefined;
  readonly useDigest: Uint8Array | undefined;
  /** Whether this code's last use ended in our own 503, so that presenting it again is the retry we asked for. */
  readonly isRetryOfOurs: boolean;
};

/** The present moment, and how long codes may be exchanged, which is for the client's policy. */
export type CodeMoment = Now & { readonly lifetimeSeconds: Seconds };

/** The decision about a presented code. */
export type CodeVerdict =
  /** Its grant is created. */
  | { readonly kind: 'redeem' }
  /** The same use again: the same tokens again. */
  | { readonly kind: 'repeat' }
  | {
      readonly kind: 'refuse';
      readonly reason: Exclude<DeadCodeReason, 'code_replayed'> | 'details_not_allowed';
    }
  /** A second use, later or by another client: the grant of the first is revoked. */
  | { readonly kind: 'replay' };

const refuse = (reason: (CodeVerdict & { kind: 'refuse' })['reason']): CodeVerdict => ({
  kind: 'refuse',
  reason,
});

/**
 * The verdict on a presented code: pure and total. Only the client it was issued to, with the redirect URI and the
 * verifier of its authorization request, can use it or use it up. An expired code revokes nothing: it gives nothing, and
 * a browser that restores an old page would otherwise revoke an active grant. A page that is reloaded at once revokes
 * nothing either.
 *
 * @see RFC 6749 §4.1.2 and §4.1.3, RFC 7636 §4.6, RFC 9700 §2.1.1 for a verifier without a challenge
 */
export const judgeCode = (
  code: CodeState | undefined,
  presented: PresentedCode,
  now: CodeMoment,
): CodeVerdict => {
  if (code === undefined || toSeconds(code.issuedAtMs) !== presented.issuedAt) return refuse('code_unknown');
  if (code.clientId !== presented.clientId) return judgeForeignUse(code, presented, now);
  if (code.brand !== undefined && code.brand !== presented.brand) return refuse('code_client_mismatch');
  // Counted from the second that the code carries.
  const issuedAtMs = toMillis(presented.issuedAt);
  if (leastAgeMs(issuedAtMs, now) >= toMillis(now.lifetimeSeconds)) return refuse('code_expired');
  if (hasAgreedEnd(code, now)) return refuse('code_expired');
  if (!isSameRedirect(code, presented)) return refuse('code_redirect_wrong');
  if (!isVerified(code.codeChallenge, presented.codeVerifier)) return refuse('code_verifier_wrong');
  if (!hasKey(code, presented)) return refuse('code_key_wrong');
  const { narrowed } = presented;
  // Nothing is used up: the client may ask for less.
  if (narrowed !== undefined && scopeOfNarrowed(code, narrowed) === undefined)
    return refuse('details_not_allowed');
  if (code.redeemedAtMs === undefined) return { kind: 'redeem' };
  if (presented.isRetryOfOurs || isSameUse(code.useDigest, presented.useDigest)) return { kind: 'repeat' };
  // By the clock it has expired; only the doubt about the clock keeps it, and that must not revoke.
  if (hasExpiredByClock(presented, now)) return refuse('code_expired');
  if (leastAgeMs(code.redeemedAtMs, now) < toMillis(CODE_RELOAD_SECONDS)) return refuse('code_reloaded');
  return { kind: 'replay' };
};

/**
 * The use of a code by another client than its own. It never gets tokens. Once the code was used, it shows that the code
 * is in wrong hands. But where the code is bound to a verifier, only who shows that can revoke anything.
 */
const judgeForeignUse = (code: CodeState, presented: PresentedCode, now: CodeMoment): CodeVerdict =>
  code.redeemedAtMs !== undefined &&
  hasKey(code, presented) &&
  isVerified(code.codeChallenge, presented.codeVerifier) &&
  !hasExpiredByClock(presented, now)
    ? { kind: 'replay' }
    : refuse('code_client_mismatch');

/** Whether the key is shown that the authorization request bound the code to, if any. @see RFC 9449 §10 */
const hasKey = ({ keyThumbprint }: CodeState, presented: PresentedCode): boolean =>
  keyThumbprint === undefined || keyThumbprint === presented.keyThumbprint;

/** Whether what the owner agreed to has ended: a grant of it would be over. */
const hasAgreedEnd = ({ vehicleData }: CodeState, now: Now): boolean =>
  vehicleData?.until !== undefined && earliestMsOf(now) >= toMillis(vehicleData.until);

const hasExpiredByClock = ({ issuedAt }: PresentedCode, { nowMs, lifetimeSeconds }: CodeMoment): boolean =>
  nowMs - toMillis(issuedAt) >= toMillis(lifetimeSeconds);

/**
 * A code is bound to the redirect URI that its request named. It may be omitted where a verifier binds the code to its request,
 * as in OAuth 2.1.
 */
const isSameRedirect = (
  { redirectUri, codeChallenge }: CodeState,
  presented: Pick<PresentedCode, 'redirectUri' | 'onlyRedirectUri'>,
): boolean =>
  presented.redirectUri === undefined
    ? codeChallenge !== undefined || redirectUri === undefined
    : presented.redirectUri === (redirectUri ?? presented.onlyRedirectUri);

/** Whether a verifier is that of the challenge; without a challenge, there must be none. @see RFC 7636 §4.6 */
export const isVerified = (challenge: string | undefined, verifier: string | undefined): boolean =>
  verifier === undefined ? challenge === undefined : challenge === hash('sha256', verifier, 'base64url');
