import { learn } from '../providers/learned.ts';
import type { LearnedFacts, Surprise } from '../providers/learned.ts';
import type { Provider } from '../providers/provider.ts';
import type { Millis } from '../time.ts';
import { noteUnclear } from './correlate.ts';
import type { Refusal, UnclearRefusals } from './correlate.ts';
import type { ClientEvent } from './events.ts';
import { isOutage, nextCanaryAt } from './outage.ts';
import type { FailedConnections, Outage } from './outage.ts';
import { WAIT_MAX_MS, slowDown, startSlowly } from './pace.ts';
import type { Pace } from './pace.ts';
import { NO_SKEW, noteSkew, skewMsOf } from './skew.ts';
import type { Skew } from './skew.ts';
import type { Timing } from './timing.ts';

/** A client that its provider refuses. One refresh at a time finds out whether it works again. */
export type Breaker = {
  readonly sinceMs: Millis;
  /** The next canary may be sent then. */
  readonly retryAtMs: Millis;
  readonly failures: number;
  /** What the provider said. */
  readonly code: string;
};

/** What all processes know about one client. Stored, small, and read often. */
export type ClientFacts = {
  /** Of the secrets in use: where they change, the breaker and the past successes no longer count. */
  readonly secrets: string;
  readonly learned: LearnedFacts;
  readonly successAtMs: Millis | undefined;
  readonly unclear: readonly UnclearRefusals[];
  readonly breaker: Breaker | undefined;
  /** No connection reaches the provider. Missing in what older versions stored. */
  readonly outage?: Outage | undefined;
  /** Nothing is sent before. */
  readonly pausedUntilMs: Millis | undefined;
  /** Less than the whole budget, for a while. */
  readonly pace: Pace | undefined;
  readonly skew: Skew;
  /** What contradicted the provider's profile, the newest last. */
  readonly surprises: readonly Surprise[];
};

/** What stays true when the secrets change. */
type AboutProvider = Pick<ClientFacts, 'learned' | 'surprises' | 'skew' | 'outage'>;

const NOTHING_KNOWN: AboutProvider = { learned: {}, surprises: [], skew: NO_SKEW, outage: undefined };

/** Of a client that was never used with these secrets. What was learned about the provider stays true. */
export const newFacts = (
  secrets: string,
  { learned, surprises, skew, outage }: AboutProvider = NOTHING_KNOWN,
): ClientFacts => ({
  secrets,
  learned,
  surprises,
  skew,
  successAtMs: undefined,
  unclear: [],
  breaker: undefined,
  outage,
  pausedUntilMs: undefined,
  pace: undefined,
});

/** Whether a client waits until this moment. */
export const isAhead = (untilMs: Millis | undefined, nowMs: Millis): untilMs is Millis =>
  untilMs !== undefined && untilMs > nowMs && untilMs <= nowMs + WAIT_MAX_MS;

/** When something may be sent for this client; `undefined` for now. */
export const blockedUntil = (
  { breaker, outage, pausedUntilMs }: Pick<ClientFacts, 'breaker' | 'outage' | 'pausedUntilMs'>,
  nowMs: Millis,
): Millis | undefined => {
  const waits = [breaker?.retryAtMs, outage?.retryAtMs, pausedUntilMs].filter((untilMs) =>
    isAhead(untilMs, nowMs),
  );
  return waits.length === 0 ? undefined : Math.max(...waits);
};

/**
 * Until when a client pauses, because its provider asked for it or refuses it; `undefined` where it does not, and during an
 * outage.
 */
export const pausedUntil = (
  { breaker, outage, pausedUntilMs }: ClientFacts,
  nowMs: Millis,
): Millis | undefined =>
  outage === undefined ? blockedUntil({ breaker, outage, pausedUntilMs }, nowMs) : undefined;

/** Why a client is blocked, as one word for programs. */
export const blockedReason = ({ breaker, outage }: Pick<ClientFacts, 'breaker' | 'outage'>): string => {
  if (breaker !== undefined) return 'client_misconfigured';
  return outage === undefined ? 'client_throttled' : OUTAGE_REASON;
};

/** Of a refresh that waits because its provider cannot be reached. */
export const OUTAGE_REASON = 'provider_outage';

/** Whether one refresh at a time is sent, to find out whether the client works again. */
export const isStopped = ({ breaker, outage }: Pick<ClientFacts, 'breaker' | 'outage'>): boolean =>
  breaker !== undefined || outage !== undefined;

/** Whether it is too early for the next one. */
export const isStoppedAt = ({ breaker, outage }: ClientFacts, nowMs: Millis): boolean =>
  isAhead(breaker?.retryAtMs, nowMs) || isAhead(outage?.retryAtMs, nowMs);

/** The facts once a canary is taken: until its answer is here, the next one waits. */
export const withCanary = (
  facts: ClientFacts,
  nowMs: Millis,
  chance: () => number,
  timing: Timing,
): ClientFacts => {
  const { breaker, outage } = facts;
  const canaries = (outage?.canaries ?? 0) + 1;
  return {
    ...facts,
    breaker: breaker && { ...breaker, retryAtMs: nowMs + timing.canaryMs },
    outage: outage && { ...outage, canaries, retryAtMs: nextCanaryAt(canaries, nowMs, chance(), timing) },
  };
};

/**
 * Whether an answer is to a send from before something began, and says nothing about it: a process that was stopped may read it
 * hours later. A beginning that is ahead comes from a clock that was put back since.
 */
export const isFromBefore = (sentAtMs: Millis, sinceMs: Millis, nowMs: Millis): boolean =>
  sentAtMs < sinceMs && sinceMs <= nowMs;

/** Facts as they become, and what is announced with them. */
export type ChangedFacts = { readonly facts: ClientFacts; readonly events: readonly ClientEvent[] };

/** After a refresh succeeded: the client works, and the answer may have shown something new. */
export const afterSuccess = (
  before: ClientFacts,
  client: { readonly name: string; readonly provider: Provider },
  success: {
    /** When it was asked for. */
    readonly atMs: Millis;
    readonly nowMs: Millis;
    readonly grantId: string;
    readonly seen: LearnedFacts;
    readonly skewMs: Millis | undefined;
  },
): ChangedFacts => {
  const { learned, surprises, news } = learn(client.provider, before, success.seen);
  const { skew, isNewlyFar } =
    success.skewMs === undefined
      ? { skew: before.skew, isNewlyFar: false }
      : noteSkew(before.skew, success.skewMs);
  const { breaker } = before;
  const isOver = breaker !== undefined && !isFromBefore(success.atMs, breaker.sinceMs, success.nowMs);
  return {
    facts: {
      ...before,
      learned,
      surprises,
      skew,
      pace: isOver ? startSlowly(before.pace, success.atMs) : before.pace,
      successAtMs: Math.max(success.atMs, before.successAtMs ?? 0),
      unclear: before.unclear.filter((one) => one.grantId !== success.grantId),
      breaker: isOver ? undefined : breaker,
    },
    events: [
      ...(isOver ? [{ kind: 'client.recovered', client: client.name } as const] : []),
      ...news.map((one) => ({ kind: 'provider.surprise', client: client.name, ...one }) as const),
      ...(isNewlyFar
        ? [{ kind: 'client.clock_skewed', client: client.name, skewMs: skewMsOf(skew) } as const]
        : []),
    ],
  };
};

const CANARY_DOUBLINGS = 4;
const CANARY_TIMES_MAX = 15;

/** After the provider refused the client: it stops, or it stays stopped for longer. */
export const afterRefusal = (
  before: ClientFacts,
  refusal: { readonly name: string; readonly code: string; readonly nowMs: Millis },
  timing: Timing,
): ChangedFacts => {
  const { name, code, nowMs } = refusal;
  const failures = (before.breaker?.failures ?? 0) + 1;
  const times = Math.min(CANARY_TIMES_MAX, 2 ** Math.min(failures - 1, CANARY_DOUBLINGS));
  const breaker: Breaker = {
    sinceMs: before.breaker?.sinceMs ?? nowMs,
    retryAtMs: nowMs + timing.canaryMs * times,
    failures,
    code,
  };
  const event = { kind: 'client.misconfigured', client: name, code } as const;
  return { facts: { ...before, breaker }, events: before.breaker === undefined ? [event] : [] };
};

/** After the provider asked for a pause. The client slows down once per pause: what was on its way is refused as well. */
export const afterPause = (
  before: ClientFacts,
  { name, untilMs, nowMs }: { readonly name: string; readonly untilMs: Millis; readonly nowMs: Millis },
): ChangedFacts => {
  const isPaused = isAhead(before.pausedUntilMs, nowMs);
  const pausedUntilMs = isPaused ? Math.max(untilMs, before.pausedUntilMs ?? 0) : untilMs;
  const pace = isPaused
    ? { share: before.pace?.share ?? 1, sinceMs: pausedUntilMs }
    : slowDown(before.pace, nowMs, pausedUntilMs);
  return {
    facts: { ...before, pausedUntilMs, pace },
    events: isPaused ? [] : [{ kind: 'client.throttled', client: name, untilMs }],
  };
};

/**
 * After a connection to the provider failed. Nothing changes where these are too few, or where another process got an
 * answer meanwhile: then it is the network of this one.
 */
export const afterFailedConnection = (
  before: ClientFacts,
  failed: FailedConnections & {
    readonly name: string;
    readonly code: string;
    readonly nowMs: Millis;
    /** From 0 to 1, asked for where an outage begins. */
    readonly chance: () => number;
  },
  timing: Timing,
): ChangedFacts => {
  const { name, code, nowMs, firstAtMs, chance } = failed;
  const isAnswered = before.successAtMs !== undefined && before.successAtMs >= firstAtMs;
  if (before.outage !== undefined || isAnswered || !isOutage(failed, nowMs, timing))
    return { facts: before, events: [] };
  const outage = { sinceMs: nowMs, retryAtMs: nextCanaryAt(0, nowMs, chance(), timing), canaries: 0, code };
  return { facts: { ...before, outage }, events: [{ kind: 'client.outage', client: name, code }] };
};

/** After the provider answered, whatever it said: an outage is over, and what has waited does not come in one moment. */
export const afterAnswer = (
  before: ClientFacts,
  { name, sentAtMs, nowMs }: { readonly name: string; readonly sentAtMs: Millis; readonly nowMs: Millis },
): ChangedFacts => {
  const { outage, pace } = before;
  if (outage === undefined || isFromBefore(sentAtMs, outage.sinceMs, nowMs))
    return { facts: before, events: [] };
  return {
    facts: { ...before, outage: undefined, pace: startSlowly(pace, nowMs) },
    events: [{ kind: 'client.outage_ended', client: name, sinceMs: outage.sinceMs }],
  };
};

/** After a grant was refused, and it is not clear why. */
export const afterUnclear = (before: ClientFacts, refusal: Refusal): ChangedFacts => ({
  facts: { ...before, unclear: noteUnclear(before.unclear, refusal) },
  events: [],
});
