import { createHash } from 'node:crypto';
import { StoreError } from '../errors.ts';
import type { Engine } from '../refresh/engine.ts';
import type { ClaimedConsent, ConsentHold, ConsentOutcome } from '../stores/consents.ts';
import { seconds, sleep } from '../time.ts';
import type { Millis } from '../time.ts';

/** What another node shows of a consent, or that this one may exchange its code. */
export type Claim =
  | { readonly status: 'claimed'; readonly hold: ConsentHold }
  | {
      readonly status: 'shown';
      /** `unavailable`: another node is at it, or more owners came back than are remembered. */
      readonly outcome: ConsentOutcome | 'unavailable';
      readonly code: string;
    };

const BUSY = { status: 'shown', outcome: 'unavailable', code: 'exchanging' } as const;
const FULL = { status: 'shown', outcome: 'unavailable', code: 'too_many_consents' } as const;

/** Whether another node exchanges the code at this moment. */
export const isBusy = (result: { readonly status: string; readonly code?: string }): boolean =>
  result.status === BUSY.outcome && result.code === BUSY.code;

/** Rows are kept after the end of a ticket for so long: the clocks of nodes differ. */
const KEPT_MS = 600_000;
/** Owners who came back within twenty minutes. Each has had a ticket, and a turn of its client's budget. */
const ROWS_MAX = 100_000;
const POLL_FIRST_MS = 50;
const POLL_MAX_MS = 500;

/** By which nodes know a state. The state itself is not stored. */
export const digestOf = (state: string): Uint8Array => createHash('sha256').update(state).digest();

/** Takes the right to exchange a code, for a ticket whose seal was checked. */
export const claimConsent = async (
  { store, clock, timing, newId }: Engine,
  state: string,
  endsAtMs: Millis,
): Promise<Claim> => {
  const hold: ConsentHold = { digest: digestOf(state), owner: newId() };
  const claimed = await store.claimConsent({
    ...hold,
    leaseMs: timing.leaseMs,
    keepMs: Math.max(0, endsAtMs - clock.wallMs()) + KEPT_MS,
    rowsMax: ROWS_MAX,
  });
  if (claimed === undefined) return FULL;
  if (claimed.isTaken) return { status: 'claimed', hold };
  return endingOf(claimed.consent, store.nowMs()) ?? BUSY;
};

/** How a consent ended; `undefined` while somebody is at it, or nobody has sent its code. */
const endingOf = (
  { outcome, code, isSent, leaseUntilMs }: ClaimedConsent,
  nowMs: Millis,
): Extract<Claim, { status: 'shown' }> | undefined => {
  if (outcome !== undefined) return { status: 'shown', outcome, code };
  // Its process has ended after it may have sent the code, and before it stored an answer.
  return isSent && leaseUntilMs <= nowMs
    ? { status: 'shown', outcome: 'unanswered', code: 'answer_lost' }
    : undefined;
};

/** Waits while another node is at a consent, until a moment of the monotonic clock at most. Returns whether that is over. */
export const waitForOther = async (
  { store, clock }: Engine,
  state: string,
  endMs: Millis,
): Promise<boolean> => {
  const digest = digestOf(state);
  for (let pollMs = POLL_FIRST_MS; clock.monotonicMs() + pollMs < endMs;) {
    await sleep(clock, pollMs);
    pollMs = Math.min(POLL_MAX_MS, pollMs * 2);
    const consent = await store.readConsent(digest);
    const nowMs = store.nowMs();
    if (consent === undefined || consent.leaseUntilMs <= nowMs || endingOf(consent, nowMs) !== undefined)
      return true;
  }
  return false;
};

/**
 * Whether a code may leave now: noted before its first byte does, so that nobody sends it after this process has ended. The note lasts
 * until the answer is stored, or was given up.
 */
export const mayLeave = async (
  { store, timing, log }: Engine,
  hold: ConsentHold,
  exchangeSeconds: number,
): Promise<boolean> => {
  try {
    const leaseMs = seconds(exchangeSeconds) + timing.callerWaitMs + timing.leaseMs;
    return await store.noteConsentSent(hold, leaseMs);
  } catch (error) {
    if (!(error instanceof StoreError)) throw error;
    log({ event: 'store.failed', during: 'connect', reason: error.message });
    return false;
  }
};

/** Notes how an exchange ended without a pair. Where the store is away, the lease says it later. */
export const concludeConsent = async (
  { store, log }: Engine,
  hold: ConsentHold,
  { status, code }: { readonly status: 'refused' | 'unanswered' | 'unavailable'; readonly code: string },
): Promise<void> => {
  try {
    await (status === 'unavailable' ? store.releaseConsent(hold) : store.endConsent(hold, status, code));
  } catch (error) {
    if (!(error instanceof StoreError)) throw error;
    log({ event: 'store.failed', during: 'connect', reason: error.message });
  }
};
