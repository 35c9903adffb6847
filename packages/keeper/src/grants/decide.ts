import type { Client } from '../providers/clients.ts';
import type { Provider } from '../providers/provider.ts';
import { MEANINGS } from './answer-class.ts';
import type { AnswerClass } from './answer-class.ts';
import { atLatest, isInsideOverlap, nextSendAt, spreadPause } from './ambiguity.ts';
import type { Silence } from './ambiguity.ts';
import type { GrantEvent } from './events.ts';
import type { ConsentCause, Due, Grant, GrantState, OpenSends } from './grant.ts';
import { NO_SENDS } from './grant.ts';
import { backoff } from './timing.ts';
import type { Timing } from './timing.ts';
import type { Millis } from '../time.ts';
import { seconds } from '../time.ts';

/** How one send ended. */
export type Ended = {
  readonly class: AnswerClass;
  readonly silence: Exclude<Silence, 'pending'>;
  readonly sentAtMs: Millis;
  /** How long the provider asks to wait. */
  readonly retryAfterMs?: Millis | undefined;
};

/** What becomes of a grant: its new state. The lease ends with it. */
export type GrantChange = {
  readonly state: GrantState;
  readonly cause: ConsentCause | undefined;
  readonly sends: OpenSends;
  readonly failures: number;
  readonly due: Due | undefined;
  readonly isAtRisk: boolean;
};

/** A decision, and what is announced with it, in the same transaction. */
export type Decision = { readonly change: GrantChange; readonly events: readonly GrantEvent[] };

/** What a decision looks at. */
export type Situation = {
  /** As it was claimed: the sends of this refresh are counted in its `sends`. */
  readonly grant: Grant;
  /** The sends of this refresh, none of which brought a pair. */
  readonly ended: readonly Ended[];
  /** Whose fault a refusal is that does not say so itself. */
  readonly verdict: 'grant' | 'client' | 'wait';
  /** Whether an earlier send may have used the token, although none is open. */
  readonly wasMaybeUsed?: boolean | undefined;
  /** When a stopped client is tried again. */
  readonly clientRetryAtMs: Millis | undefined;
  /** Until when the client pauses. */
  readonly pausedUntilMs?: Millis | undefined;
  readonly client: Client;
  readonly timing: Timing;
  readonly nowMs: Millis;
  /** The latest moment that a stored one may have been. */
  readonly latest: (atMs: Millis) => Millis;
  /** From 0 to 1. */
  readonly chance: number;
};

/** What rules where several sends ended differently. */
const PRECEDENCE: readonly AnswerClass[] = [
  'unusable',
  'sharing_withdrawn',
  'grant_rejected',
  'client_rejected',
  'unclear',
  'unrecognised',
  'ambiguous',
  'rate_limited',
  'bug',
  'not_sent',
];

/** The send whose ending decides. */
export const rulingOf = (ended: readonly Ended[]): Ended | undefined =>
  [...ended].sort((one, other) => PRECEDENCE.indexOf(one.class) - PRECEDENCE.indexOf(other.class))[0];

/** How long the provider asks the whole client to wait; `undefined` for not at all. */
export const pauseAskedFor = (
  ended: readonly Ended[],
  { repeats }: Pick<Provider, 'repeats'>,
  timing: Timing,
): Millis | undefined => {
  const ruling = rulingOf(ended);
  if (ruling?.class === 'rate_limited') return ruling.retryAfterMs ?? timing.backoffMs;
  if (ruling?.class !== 'ambiguous' || repeats.kind !== 'overlap') return undefined;
  const pauses = ended.flatMap(({ retryAfterMs }) => retryAfterMs ?? []);
  return pauses.length === 0 ? undefined : Math.max(...pauses);
};

/** What becomes of a grant whose refresh brought no pair. */
export const decideFailure = (situation: Situation): Decision => {
  const { ended, verdict } = situation;
  const ruling = rulingOf(ended);
  const sends = sendsAfter(situation);
  const found = ruling?.class ?? 'not_sent';
  switch (found) {
    case 'grant_rejected':
    case 'sharing_withdrawn':
      return die(situation, sends, found);
    case 'unclear':
      if (verdict === 'grant') return die(situation, sends, 'grant_rejected');
      return verdict === 'client' ? waitForClient(situation, sends) : suspect(situation, sends);
    case 'unrecognised':
      return verdict === 'client' ? waitForClient(situation, sends) : suspect(situation, sends);
    case 'client_rejected':
    case 'bug':
      return waitForClient(situation, sends);
    case 'ambiguous':
    case 'unusable':
      return waitForAnswer(situation, sends, found === 'unusable' ? 'staged' : 'uncertain', ruling);
    case 'rate_limited':
    case 'not_sent':
    case 'usable':
    case 'refresh_only':
      return retryLater(situation, sends, ruling);
  }
};

/** What becomes of a grant whose token was sent by a process that is gone, or that lost its lease. */
export const decideAbandoned = (situation: Omit<Situation, 'ended' | 'verdict'>): Decision =>
  waitForAnswer({ ...situation, ended: [], verdict: 'wait' }, situation.grant.sends, 'uncertain', undefined);

/** When a grant without an answer is looked at again while its client pauses. It stays what it is. */
export const decideWaiting = (situation: Omit<Situation, 'ended' | 'verdict'>): Decision => {
  const { change } = decideAbandoned(situation);
  const { state, isAtRisk } = situation.grant;
  return {
    change: { ...change, state: state === 'inflight' ? 'uncertain' : state, isAtRisk },
    events: [],
  };
};

/** Whether a grant without an answer has ended, because its provider allows no second send. */
export const decideUnaskable = (situation: Omit<Situation, 'ended' | 'verdict'>): Decision =>
  die({ ...situation, ended: [], verdict: 'grant' }, situation.grant.sends, 'grant_rejected');

/** The sends that are still open: those from before, and those of this refresh that may have been processed. */
const sendsAfter = ({ grant: { sends }, ended, client }: Situation): OpenSends => {
  const before = sends.count - ended.length;
  const isOverlapping = client.provider.repeats.kind === 'overlap';
  const maybe = ended.filter(
    // Without an overlap, a page of a firewall is taken for what it mostly is: the token did not pass it.
    (one) => MEANINGS[one.class].isSpent === 'maybe' && (isOverlapping || one.class !== 'unrecognised'),
  );
  if (before + maybe.length <= 0) return NO_SENDS;
  const times = maybe.map(({ sentAtMs }) => sentAtMs);
  return {
    count: before + maybe.length,
    firstAtMs: before > 0 ? sends.firstAtMs : Math.min(...times),
    lastAtMs: times.length > 0 ? Math.max(...times) : sends.lastAtMs,
  };
};

const die = (
  { grant, nowMs, client, wasMaybeUsed = false }: Situation,
  sends: OpenSends,
  found: 'grant_rejected' | 'sharing_withdrawn',
): Decision => {
  const isExpired = grant.refreshExpiresAtMs !== undefined && grant.refreshExpiresAtMs <= nowMs;
  const cause: ConsentCause =
    found === 'sharing_withdrawn'
      ? 'sharing_withdrawn'
      : sends.count > 0 || (wasMaybeUsed && client.provider.repeats.kind !== 'free')
        ? 'lost_response'
        : isExpired
          ? 'expired'
          : 'revoked';
  const change = { state: 'dead', cause, sends, failures: 0, due: undefined, isAtRisk: true } as const;
  const event = { kind: 'needs_consent', cause, accessValidUntilMs: grant.accessExpiresAtMs } as const;
  return { change, events: [event] };
};

/** Nothing was used up. It is tried again, after the provider's own time if it named one. */
const retryLater = (situation: Situation, sends: OpenSends, ruling: Ended | undefined): Decision => {
  const { grant, nowMs, timing, chance } = situation;
  const failures = grant.failures + 1;
  const pauseMs = ruling?.retryAfterMs;
  const delayMs = pauseMs === undefined ? backoff(timing, failures, chance) : spreadPause(pauseMs, chance);
  const atMs = nowMs + delayMs;
  return calm(grant, sends, failures, Math.min(atMs, insideAt(situation, sends, situation.pausedUntilMs)));
};

const waitForClient = (situation: Situation, sends: OpenSends): Decision => {
  const { grant, nowMs, timing, clientRetryAtMs, chance } = situation;
  const atMs = (clientRetryAtMs ?? nowMs + timing.canaryMs) + Math.round(chance * timing.canaryMs);
  return calm(grant, sends, grant.failures, Math.min(atMs, insideAt(situation, sends, atMs)));
};

/** The state without a new doubt: an older one stays. */
const calm = (grant: Grant, sends: OpenSends, failures: number, atMs: Millis): Decision => ({
  change: {
    state: sends.count > 0 ? 'uncertain' : 'active',
    cause: undefined,
    sends,
    failures,
    due: { atMs, rank: 0 },
    isAtRisk: grant.isAtRisk,
  },
  events: [],
});

const suspect = (situation: Situation, sends: OpenSends): Decision => {
  const { grant, nowMs, timing, chance } = situation;
  const failures = grant.failures + 1;
  const waitMs = Math.min(timing.suspectMaxMs, timing.suspectMs * 2 ** Math.min(failures - 1, 20));
  const waitedAtMs = nowMs + Math.round(waitMs * (0.9 + chance / 5));
  const atMs = Math.min(waitedAtMs, insideAt(situation, sends, situation.pausedUntilMs));
  const change = { state: 'suspect', cause: undefined, sends, failures, due: { atMs, rank: 0 } } as const;
  return announceRisk(grant, change, true, nowMs);
};

/**
 * When a token that may have been used is sent again because its overlap does not wait, whatever a later send failed at.
 * `Infinity` where nothing is open or the overlap is over.
 */
const insideAt = (
  { grant, client, nowMs, timing, chance, latest }: Situation,
  open: OpenSends,
  pausedUntilMs: Millis | undefined,
): Millis => {
  const { repeats, exchangeSeconds } = client.provider;
  const sends = atLatest(open, latest);
  if (sends.count === 0 || !isInsideOverlap(sends, repeats, nowMs, timing)) return Infinity;
  const exchangeMs = seconds(exchangeSeconds);
  const failures = grant.failures + 1;
  const silence = 'answered';
  const unanswered = { sends, silence, failures, repeats, exchangeMs, nowMs, pausedUntilMs, chance } as const;
  return nextSendAt(unanswered, timing) ?? Infinity;
};

/** An overlap is expected to bring the answer back; so often it may fail before anybody is alarmed. */
const FAILURES_BEFORE_ALARM = 3;

const waitForAnswer = (
  situation: Situation,
  sends: OpenSends,
  state: 'uncertain' | 'staged',
  ruling: Ended | undefined,
): Decision => {
  const { grant, client, nowMs, timing, chance, pausedUntilMs } = situation;
  const { repeats, exchangeSeconds } = client.provider;
  const failures = ruling === undefined ? grant.failures : grant.failures + 1;
  const atMs = nextSendAt(
    {
      sends: atLatest(sends, situation.latest),
      // One that may still be at work decides, where several sends ended.
      silence: situation.ended.some(({ silence }) => silence === 'cut') ? 'cut' : (ruling?.silence ?? 'cut'),
      // A sender that is gone has cost its lease already.
      failures: ruling === undefined ? 0 : failures,
      repeats,
      exchangeMs: seconds(exchangeSeconds),
      nowMs,
      pausedUntilMs,
      chance,
    },
    timing,
  );
  const due: Due = { atMs: atMs ?? Math.max(nowMs, grant.accessExpiresAtMs), rank: 0 };
  // An answer that cannot be read needs a human, and a repeat rarely brings another.
  const isAlarming =
    state === 'staged' ||
    repeats.kind === 'once' ||
    repeats.kind === 'never' ||
    failures >= FAILURES_BEFORE_ALARM;
  return announceRisk(grant, { state, cause: undefined, sends, failures, due }, isAlarming, nowMs);
};

/** The access token still works until its deadline: a human has that long. Announced once. */
const announceRisk = (
  grant: Grant,
  change: Omit<GrantChange, 'isAtRisk'>,
  isAlarming: boolean,
  nowMs: Millis,
): Decision => {
  if (grant.isAtRisk || !isAlarming) return { change: { ...change, isAtRisk: grant.isAtRisk }, events: [] };
  const deadlineMs = Math.max(nowMs, grant.accessExpiresAtMs);
  return { change: { ...change, isAtRisk: true }, events: [{ kind: 'at_risk', deadlineMs }] };
};
