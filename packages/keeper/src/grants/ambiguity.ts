import type { Repeats } from '../providers/provider.ts';
import type { Millis } from '../time.ts';
import type { OpenSends } from './grant.ts';
import { backoff } from './timing.ts';
import type { Timing } from './timing.ts';

/**
 * What is known about the last send.
 *
 * - `pending`: its answer may still arrive.
 * - `cut`: no answer can arrive here, but the provider may still be at work on it.
 * - `answered`: the provider answered, and left open whether it used the token.
 */
export type Silence = 'pending' | 'cut' | 'answered';

/** What the ambiguity rule looks at. */
export type Unanswered = {
  readonly sends: OpenSends;
  readonly silence: Silence;
  /** Failures in a row, this one included; 0 for a process that died. */
  readonly failures: number;
  readonly repeats: Repeats;
  readonly exchangeMs: Millis;
  readonly nowMs: Millis;
  /** Until when the provider asked the client to wait. */
  readonly pausedUntilMs?: Millis | undefined;
  /** From 0 to 1. */
  readonly chance: number;
};

/** The same sends, as young as they may be after a jump of the clock: too early would lose something. */
export const atLatest = (sends: OpenSends, latest: (atMs: Millis) => Millis): OpenSends => ({
  count: sends.count,
  firstAtMs: sends.firstAtMs === undefined ? undefined : latest(sends.firstAtMs),
  lastAtMs: sends.lastAtMs === undefined ? undefined : latest(sends.lastAtMs),
});

/** No wait between two repeats is longer than this part of the overlap, whatever the grant failed at before. */
const REPEATS_INSIDE = 4;

/**
 * When a refresh token that may have been used can be sent again; `undefined` for never.
 *
 * - With an overlap: soon, several times, and once more just before the overlap ends. It is counted from the first send,
 *   because the provider cannot have counted from an earlier moment. After it, the token is still sent: the first send
 *   may never have arrived.
 *   A pause of the client leaves only the last repeat inside: one request too many is forgiven, and a used token is not.
 * - Without one: when the first exchange is certainly over. If that was processed, its successor is unknown here and
 *   nothing is lost by asking; if it was not, this saves the grant.
 */
export const nextSendAt = (unanswered: Unanswered, timing: Timing): Millis | undefined => {
  const { sends, silence, failures, repeats, exchangeMs, nowMs, chance } = unanswered;
  const retryAtMs = nowMs + backoff(timing, failures, chance);
  const overAtMs = (sends.lastAtMs ?? nowMs) + exchangeMs;
  switch (repeats.kind) {
    case 'never':
      return undefined;
    case 'free':
      return silence === 'pending' ? overAtMs : retryAtMs;
    case 'once':
      return silence === 'answered' ? retryAtMs : Math.max(overAtMs, retryAtMs);
    case 'overlap': {
      if (silence === 'pending') return sendAgainAt(sends, repeats, nowMs, timing) ?? overAtMs;
      const endMs = lastSendInside(sends.firstAtMs ?? nowMs, repeats.seconds, timing);
      const pausedMs = afterPause(unanswered);
      if (nowMs >= endMs) return Math.max(retryAtMs, pausedMs);
      const insideAtMs = Math.min(retryAtMs, nowMs + (repeats.seconds * 1000) / REPEATS_INSIDE);
      return Math.min(Math.max(insideAtMs, pausedMs), endMs);
    }
  }
};

/** When a token is sent again although its answer may still arrive: only inside an overlap. `undefined` for not. */
export const sendAgainAt = (
  { firstAtMs }: OpenSends,
  repeats: Repeats,
  nowMs: Millis,
  timing: Timing,
): Millis | undefined => {
  if (repeats.kind !== 'overlap' || firstAtMs === undefined) return undefined;
  const endMs = lastSendInside(firstAtMs, repeats.seconds, timing);
  return timing.sendAgainAtMs.map((ms) => firstAtMs + ms).find((ms) => ms > nowMs && ms <= endMs);
};

/**
 * How long an exchange is waited for. Inside an overlap it ends with it: a request that arrives later would be taken for
 * theft, so its connection is closed before.
 */
export const exchangeDeadlineMs = (
  { firstAtMs }: OpenSends,
  { repeats, exchangeSeconds }: { readonly repeats: Repeats; readonly exchangeSeconds: number },
  nowMs: Millis,
  timing: Timing,
): Millis => {
  const exchangeMs = exchangeSeconds * 1000;
  if (repeats.kind !== 'overlap' || firstAtMs === undefined) return exchangeMs;
  const leftMs = lastSendInside(firstAtMs, repeats.seconds, timing) - nowMs;
  return leftMs > 0 ? Math.min(exchangeMs, leftMs) : exchangeMs;
};

/**
 * Whether a repeat may still leave, now that its connection stands: one that arrives after the overlap would be taken for
 * theft, while the answer to the first send may be on its way.
 */
export const isInsideOverlap = (
  { firstAtMs }: OpenSends,
  repeats: Repeats,
  nowMs: Millis,
  timing: Timing,
): boolean =>
  repeats.kind === 'overlap' &&
  firstAtMs !== undefined &&
  nowMs <= lastSendInside(firstAtMs, repeats.seconds, timing);

/**
 * Whether a token may be repeated although its client pauses: once, from the last moment for a repeat until the overlap is
 * over.
 */
export const mayPassPause = (
  { count, firstAtMs, lastAtMs = 0 }: OpenSends,
  repeats: Repeats,
  nowMs: Millis,
  timing: Timing,
): boolean => {
  if (repeats.kind !== 'overlap' || count === 0 || firstAtMs === undefined) return false;
  const endMs = lastSendInside(firstAtMs, repeats.seconds, timing);
  return lastAtMs < endMs && nowMs >= endMs && nowMs < firstAtMs + repeats.seconds * 1000;
};

const SPREAD_MAX_MS = 60_000;

/** What a pause has held up does not come back in one moment. */
export const spreadPause = (pauseMs: Millis, chance: number): Millis =>
  Math.round(pauseMs + chance * Math.min(pauseMs, SPREAD_MAX_MS));

const afterPause = ({ pausedUntilMs = 0, nowMs, chance }: Unanswered): Millis =>
  nowMs + spreadPause(Math.max(0, pausedUntilMs - nowMs), chance);

/** The last moment for a send that the provider still counts as inside the overlap. */
const lastSendInside = (firstAtMs: Millis, overlapSeconds: number, timing: Timing): Millis => {
  const overlapMs = overlapSeconds * 1000;
  return firstAtMs + overlapMs - Math.min(timing.overlapMarginMs, overlapMs / 4);
};
