import type { Clock } from '../clock.ts';
import { StoreError } from '../errors.ts';
import type { Emit } from '../log-event.ts';
import type { ClaimedDelivery, Settlement } from '../outbox/delivery.ts';
import type { Store } from '../grants/store.ts';
import type { KeyRing } from '../tokens/key-ring.ts';
import { writeGrantId } from '../tokens/grant-id.ts';
import { ATTEMPT_TIMEOUT_MS, describeAnswer, isAccepted } from './deliver.ts';
import type { Answer, Deliver } from './deliver.ts';
import { addressMessage, writeGrantEvent } from './message.ts';
import { scheduleRetry } from './schedule.ts';

/** What a sender works with. */
export type SenderContext = {
  readonly store: Pick<Store, 'claimDeliveries' | 'settleDelivery' | 'dropGrantEvents'>;
  readonly keyRing: () => KeyRing;
  /** Told of a key that the ring lacks, which is then read again. */
  readonly noticeKey: (keyNumber: number) => boolean;
  readonly clock: Clock;
  /** From 0 to 1, anew at each call. */
  readonly chance: () => number;
  readonly emit: Emit;
  readonly deliver: Deliver;
};

/** Tells webhooks of grant events. */
export type Sender = {
  /** Begins what is due. To be called when something may be: after a commit, and every few seconds. */
  wake(): void;
  /** Resolves when nothing is due and nothing under way. */
  settle(): Promise<void>;
  /** Begins nothing more; what is under way after `graceMs` is cut off, to be attempted again by whoever comes. */
  stop(graceMs: number): Promise<void>;
};

const AT_ONCE_MAX = 16;
const AT_ONCE_PER_WEBHOOK_MAX = 4;
/** Longer than an attempt and its settling take, so that whoever holds a lease beyond it is dead. */
const LEASE_MS = ATTEMPT_TIMEOUT_MS + 45_000;

const KEPT_FOR_MS = 30 * 86_400_000;
const DROP_INTERVAL_MS = 3_600_000;
const DROPPED_AT_A_TIME = 200;

/**
 * Attempts what is due: at most 4 at a moment for one webhook and 16 in all, so that a slow receiver holds up its own
 * deliveries only. Any number of processes may do so on one store. Each delivery arrives at least once.
 */
export const createSender = (context: SenderContext): Sender => {
  const { store, clock, emit } = context;
  const underWay = new Map<Promise<void>, { webhookId: string; controller: AbortController }>();
  let isStopped = false;
  let isStalled = false;
  let nextDropAtMs = 0;
  let turn: Promise<void> | undefined;
  let isAskedAgain = false;

  const begin = (claimed: ClaimedDelivery): void => {
    const controller = new AbortController();
    const attempt = carryOut(context, claimed, controller.signal)
      .catch(noteTrouble)
      .finally(() => {
        underWay.delete(attempt);
        wake();
      });
    underWay.set(attempt, { webhookId: claimed.webhook.id, controller });
  };

  const claim = async (): Promise<void> => {
    const limit = AT_ONCE_MAX - underWay.size;
    if (isStopped || limit <= 0) return;
    const inHand = new Map<string, number>();
    for (const { webhookId } of underWay.values()) inHand.set(webhookId, (inHand.get(webhookId) ?? 0) + 1);
    const share = { limit, limitPerWebhook: AT_ONCE_PER_WEBHOOK_MAX, inHand };
    const claimed = await store.claimDeliveries({ nowMs: clock(), leaseMs: LEASE_MS, ...share });
    for (const one of claimed) begin(one);
  };

  /** A little at a time, so that nobody waits for it. */
  const dropOld = async (): Promise<void> => {
    const nowMs = clock();
    if (isStopped || nowMs < nextDropAtMs) return;
    const dropped = await store.dropGrantEvents({ beforeMs: nowMs - KEPT_FOR_MS, limit: DROPPED_AT_A_TIME });
    if (dropped < DROPPED_AT_A_TIME) nextDropAtMs = nowMs + DROP_INTERVAL_MS;
  };

  /** Said once an outage: what is due stays due. */
  const noteTrouble = (error: unknown): void => {
    if (!isStalled) emit({ event: 'webhook.stalled', cause: describeTrouble(error) });
    isStalled = true;
  };

  const takeTurns = async (): Promise<void> => {
    while (isAskedAgain) {
      isAskedAgain = false;
      try {
        await claim();
        await dropOld();
        isStalled = false;
      } catch (error) {
        noteTrouble(error);
      }
    }
    turn = undefined;
  };

  const wake = (): void => {
    isAskedAgain = true;
    turn ??= takeTurns();
  };

  const settle = async (): Promise<void> => {
    await turn;
    if (underWay.size === 0) return;
    await Promise.all(underWay.keys());
    return settle();
  };

  return {
    wake,
    settle,
    async stop(graceMs) {
      isStopped = true;
      const cutOff = setTimeout(() => {
        for (const { controller } of underWay.values()) controller.abort();
      }, graceMs);
      await settle();
      clearTimeout(cutOff);
    },
  };
};

/** One attempt and its settling. Throws `StoreError` where it could not be settled: its lease then ends by itself. */
const carryOut = async (
  context: SenderContext,
  claimed: ClaimedDelivery,
  signal: AbortSignal,
): Promise<void> => {
  const { clock, emit, store } = context;
  const { webhook, grantEvent, attempts } = claimed;
  const begunAtMs = clock();
  const answer = await attempt(context, claimed, signal);
  const settlement = decide(context, claimed, { answer, isCutOff: signal.aborted });
  const held = { webhookId: webhook.id, sequence: grantEvent.sequence, attempts };
  const outcome = await store.settleDelivery(held, settlement);
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
    tookMs: clock() - begunAtMs,
  };
  if (settlement.kind === 'delivered') return emit({ event: 'webhook.delivered', ...what });
  if (settlement.kind === 'gone') return emit({ event: 'webhook.disabled', ...what });
  const { error: cause, nextAtMs } = settlement;
  if (nextAtMs === undefined) emit({ event: 'webhook.given_up', ...what, cause });
  else emit({ event: 'webhook.failed', ...what, cause, retryInMs: Math.max(0, nextAtMs - clock()) });
};

const attempt = async (
  { keyRing, noticeKey, clock, deliver }: SenderContext,
  { webhook, grantEvent }: ClaimedDelivery,
  signal: AbortSignal,
): Promise<Answer> => {
  const { keyNumber } = webhook;
  if (keyRing().find(keyNumber) === undefined) noticeKey(keyNumber);
  const key = keyRing().find(keyNumber);
  if (key === undefined) return { status: undefined, error: `the key ring lacks key ${keyNumber}` };
  const message = addressMessage(
    webhook,
    key.webhookKey(webhook.id),
    writeGrantEvent(webhook, grantEvent),
    clock(),
  );
  return deliver(message, signal);
};

const GONE = 410;

const decide = (
  { clock, chance }: SenderContext,
  { grantEvent, attempts }: ClaimedDelivery,
  { answer, isCutOff }: { readonly answer: Answer; readonly isCutOff: boolean },
): Settlement => {
  const nowMs = clock();
  const { status } = answer;
  if (status !== undefined && isAccepted(answer)) return { kind: 'delivered', nowMs, status };
  if (status === GONE) return { kind: 'gone', nowMs, status };
  const retryAtMs = scheduleRetry({ attempts, grantEventAtMs: grantEvent.atMs, nowMs, chance: chance() });
  const nextAtMs = isCutOff ? nowMs : retryAtMs;
  return { kind: 'failed', status, error: describeAnswer(answer), nextAtMs };
};

const describeTrouble = (error: unknown): string => {
  if (error instanceof StoreError) return error.message;
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
};
