import type { Clock, Millis } from '../clock.ts';
import { StoreError } from '../errors.ts';
import type { Emit } from '../log-event.ts';
import type { ClaimedDelivery, Settlement } from '../outbox/delivery.ts';
import { eventsKeptSinceMs } from '../outbox/retention.ts';
import type { Store } from '../grants/store.ts';
import type { KeyRing } from '../tokens/key-ring.ts';
import type { RegisteredKey } from '../tokens/key-state.ts';
import { writeGrantId } from '../tokens/grant-id.ts';
import { writeDeliveryError } from '../outbox/delivery-error.ts';
import { ATTEMPT_TIMEOUT_MS, describeAnswer, isAccepted } from './deliver.ts';
import type { Answer, Deliver } from './deliver.ts';
import { findLackingKey, signingKeysOf } from './signing-keys.ts';
import { addressMessage, writeGrantEvent } from './message.ts';
import { longestWaits, scheduleRetry } from './schedule.ts';

export type SenderContext = {
  readonly store: Pick<
    Store,
    'claimDeliveries' | 'settleDelivery' | 'hastenDeliveries' | 'dropGrantEvents' | 'listKeys'
  >;
  readonly keyRing: () => KeyRing;
  /** Gets the keys that the store knows, so that the ring is read again if it lacks one. */
  readonly noticeKeys: (registered: readonly RegisteredKey[]) => boolean;
  readonly clock: Clock;
  readonly monotonic: Clock;
  /** The earliest moment that the present may be: what is dropped must be old by it. */
  readonly earliest: Clock;
  /** A random number from 0 to 1. */
  readonly chance: () => number;
  readonly emit: Emit;
  readonly deliver: Deliver;
  /** How many days grant events and their deliveries are kept. */
  readonly grantEventDays: number;
};

/** Delivers grant events to webhooks. */
export type Sender = {
  /** Starts what is due. Call it whenever something may be due: after a commit, and every few seconds. */
  wake(): void;
  /** Resolves when nothing is due and no attempt is running. */
  settle(): Promise<void>;
  /** Starts nothing more. Attempts that still run after `graceMs` are aborted, for another process to repeat. */
  stop(graceMs: Millis): Promise<void>;
};

const CONCURRENT_MAX = 16;
const CONCURRENT_PER_WEBHOOK_MAX = 4;
/** Longer than an attempt with its settlement, so that a process that holds a lease for longer must be dead. */
const LEASE_MS = ATTEMPT_TIMEOUT_MS + 45_000;

/** After a start, and after the clock was set back, what was scheduled by a clock that ran ahead is due. */
const LONGEST_WAITS_MS = longestWaits(LEASE_MS);

const DROP_INTERVAL_MS = 3_600_000;
const DROPPED_AT_A_TIME = 200;

/**
 * Attempts due deliveries: at most 4 at the same time per webhook and 16 in total, so that a slow receiver delays only its own
 * deliveries. Any number of processes may do so on one store. Each delivery arrives at least once.
 */
export const createSender = (context: SenderContext): Sender => {
  const { store, clock, monotonic, earliest, emit } = context;
  const running = new Map<Promise<void>, { webhookId: string; controller: AbortController }>();
  let isStopped = false;
  let isStalled = false;
  let nextDropAtMs = -Infinity;
  let claimedAtMs = Infinity;
  let turn: Promise<void> | undefined;
  let isWokenAgain = false;

  const start = (claimed: ClaimedDelivery): void => {
    const controller = new AbortController();
    const attempt = attemptAndSettle(context, claimed, controller.signal)
      .catch(reportStall)
      .finally(() => {
        running.delete(attempt);
        wake();
      });
    running.set(attempt, { webhookId: claimed.webhook.id, controller });
  };

  const claim = async (): Promise<void> => {
    const limit = CONCURRENT_MAX - running.size;
    if (isStopped || limit <= 0) return;
    const inHand = new Map<string, number>();
    for (const { webhookId } of running.values()) inHand.set(webhookId, (inHand.get(webhookId) ?? 0) + 1);
    const share = { limit, limitPerWebhook: CONCURRENT_PER_WEBHOOK_MAX, inHand };
    const nowMs = clock();
    if (nowMs < claimedAtMs) await store.hastenDeliveries({ nowMs, longestWaitsMs: LONGEST_WAITS_MS });
    claimedAtMs = nowMs;
    const claimed = await store.claimDeliveries({ nowMs, leaseMs: LEASE_MS, ...share });
    for (const one of claimed) start(one);
  };

  /** A few at a time, so that no delivery waits for it. */
  const dropOld = async (): Promise<void> => {
    if (isStopped || monotonic() < nextDropAtMs) return;
    const beforeMs = eventsKeptSinceMs(earliest(), context.grantEventDays);
    const dropped = await store.dropGrantEvents({ beforeMs, limit: DROPPED_AT_A_TIME });
    if (dropped < DROPPED_AT_A_TIME) nextDropAtMs = monotonic() + DROP_INTERVAL_MS;
  };

  /** Reported once per outage: what is due stays due. */
  const reportStall = (error: unknown): void => {
    if (!isStalled) emit({ event: 'webhook.stalled', cause: describeError(error) });
    isStalled = true;
  };

  const runTurns = async (): Promise<void> => {
    while (isWokenAgain) {
      isWokenAgain = false;
      try {
        await claim();
        await dropOld();
        isStalled = false;
      } catch (error) {
        reportStall(error);
      }
    }
    turn = undefined;
  };

  const wake = (): void => {
    isWokenAgain = true;
    turn ??= runTurns();
  };

  const settle = async (): Promise<void> => {
    await turn;
    if (running.size === 0) return;
    await Promise.all(running.keys());
    return settle();
  };

  return {
    wake,
    settle,
    async stop(graceMs) {
      isStopped = true;
      const abortTimer = setTimeout(() => {
        for (const { controller } of running.values()) controller.abort();
      }, graceMs);
      await settle();
      clearTimeout(abortTimer);
    },
  };
};

/** Makes one attempt and settles it. Throws `StoreError` if it cannot be settled: then its lease expires. */
const attemptAndSettle = async (
  context: SenderContext,
  claimed: ClaimedDelivery,
  signal: AbortSignal,
): Promise<void> => {
  const { monotonic, emit, store } = context;
  const { webhook, grantEvent, attempts } = claimed;
  const startedAtMs = monotonic();
  const atMs = context.clock();
  const answer = await attempt(context, claimed, signal);
  const retryInMs = signal.aborted ? 0 : scheduleRetry({ attempts, chance: context.chance() });
  const settlement = decide(answer, context.clock(), retryInMs);
  const held = { webhookId: webhook.id, sequence: grantEvent.sequence, attempts };
  const tookMs = Math.round(monotonic() - startedAtMs);
  const outcome = await store.settleDelivery(held, settlement, { atMs, tookMs });
  if (outcome === 'lost') return;
  const what = {
    webhookId: webhook.id,
    grantEventId: grantEvent.id,
    kind: grantEvent.kind,
    grantId: writeGrantId(grantEvent.grantId),
    clientId: grantEvent.clientId,
    requestId: grantEvent.requestId,
    attempts,
    status: answer.status,
    tookMs,
  };
  if (settlement.kind === 'delivered') return emit({ event: 'webhook.delivered', ...what });
  if (settlement.kind === 'gone') return emit({ event: 'webhook.disabled', ...what });
  const { error: cause } = settlement;
  if (retryInMs === undefined) emit({ event: 'webhook.given_up', ...what, cause });
  else emit({ event: 'webhook.failed', ...what, cause, retryInMs });
};

const attempt = async (
  { store, keyRing, noticeKeys, clock, earliest, deliver }: SenderContext,
  { webhook, grantEvent }: ClaimedDelivery,
  signal: AbortSignal,
): Promise<Answer> => {
  const registered = await store.listKeys();
  noticeKeys(registered);
  // A message that is not signed by a key of which its receiver may have the secret would be refused.
  const lacking = findLackingKey(keyRing(), registered, webhook);
  if (lacking !== undefined) return { status: undefined, error: writeDeliveryError('keyLacking', lacking) };
  const nowMs = clock();
  const keys = signingKeysOf(keyRing(), webhook, earliest());
  const message = addressMessage(webhook, keys, writeGrantEvent(webhook, grantEvent), nowMs);
  return deliver({ ...message, requestId: grantEvent.requestId }, signal);
};

const GONE = 410;

const decide = (answer: Answer, nowMs: Millis, retryInMs: Millis | undefined): Settlement => {
  const { status } = answer;
  if (status !== undefined && isAccepted(answer)) return { kind: 'delivered', nowMs, status };
  if (status === GONE) return { kind: 'gone', nowMs, status };
  const nextAtMs = retryInMs === undefined ? undefined : nowMs + retryInMs;
  return { kind: 'failed', status, error: describeAnswer(answer), nextAtMs };
};

const describeError = (error: unknown): string => {
  if (error instanceof StoreError) return error.message;
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
};
