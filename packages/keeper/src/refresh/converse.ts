import { StoreError } from '../errors.ts';
import { exchangeDeadlineMs, isInsideOverlap, sendAgainAt } from '../grants/ambiguity.ts';
import { MAY_BE_CLIENT } from '../grants/answer-class.ts';
import type { Grant } from '../grants/grant.ts';
import type { Client } from '../providers/clients.ts';
import { sleep } from '../time.ts';
import type { Millis } from '../time.ts';
import type { Claimed } from './claim.ts';
import { claimAgain } from './claim.ts';
import type { Engine } from './engine.ts';
import type { Success } from './keep.ts';
import type { Answer } from './read-answer.ts';
import { readAnswer } from './read-answer.ts';
import { writeRequest } from './write-request.ts';

/** One send, and its ending once there is one. */
export type Send = {
  readonly attemptId: string;
  readonly sentAtMs: Millis;
  readonly secret: string;
  readonly isOver: Promise<void>;
  ending?: {
    readonly answer: Answer;
    readonly receivedAtMs: Millis;
    readonly tookMs: Millis;
  };
};

/** The right to send. */
export type Right = Extract<Claimed, { kind: 'claimed' }>;

/**
 * Sends the token, and waits. Inside an overlap it is sent again while the first answer may still come; the answers are
 * ranked by their sends, because the last one sent got the pair that lives. With several secrets, a refused one is
 * followed by the next.
 */
export const converse = async (
  engine: Engine,
  client: Client,
  right: Right,
): Promise<{ readonly grant: Grant; readonly sends: readonly Send[] }> => {
  const { clock, timing, store, leases } = engine;
  const secrets = [...engine.book.secrets(right.grant.client)];
  const sends: Send[] = [];
  let { grant } = right;
  let secret = secrets.shift() ?? '';
  const sendOnce = (one: Right): void => {
    grant = one.grant;
    const isOnlyOne = sends.every(({ ending }) => ending !== undefined);
    const hasPair = (): boolean => sends.some((send) => successOf(send) !== undefined);
    sends.push(startSend(engine, client, one, { secret, isOnlyOne, hasPair }));
  };
  sendOnce(right);
  for (;;) {
    const open = sends.filter(({ ending }) => ending === undefined);
    const hasPair = sends.some((send) => successOf(send) !== undefined);
    const last = sends.at(-1);
    if (last !== undefined && successOf(last) !== undefined) return { grant, sends };
    if (open.length === 0) {
      const next = hasPair || !isAboutClient(last) ? undefined : secrets.shift();
      if (next === undefined || !leases.isHeld(grant.id)) return { grant, sends };
      secret = next;
    } else {
      const nowMs = store.nowMs();
      const waitMs = hasPair
        ? timing.holdBackMs
        : (sendAgainAt(grant.sends, client.provider.repeats, nowMs, timing) ?? Infinity) - nowMs;
      const isTimeUp = await waitFor(open, waitMs, clock);
      if (!isTimeUp) continue;
      if (hasPair) return { grant, sends };
      // A process that was stopped finds its time up and the answer waiting: the answer is read first.
      await sleep(clock, 0);
      if (open.some(({ ending }) => ending !== undefined)) continue;
    }
    const again = leases.isHeld(grant.id) ? await tryClaimAgain(engine, grant) : undefined;
    if (again?.kind === 'claimed') sendOnce(again);
    else if (open.length > 0) await waitFor(open, Infinity, clock);
    else return { grant, sends };
  }
};

/** `undefined` where the store is away: then nothing more is sent. */
const tryClaimAgain = async (engine: Engine, grant: Grant): Promise<Claimed | undefined> => {
  try {
    return await claimAgain(engine, grant);
  } catch (error) {
    if (!(error instanceof StoreError)) throw error;
    return undefined;
  }
};

/** Waits until one of the sends is over, or for so long. Returns whether the time was up first. */
const waitFor = async (open: readonly Send[], waitMs: Millis, clock: Engine['clock']): Promise<boolean> => {
  const ends = Promise.race(open.map(({ isOver }) => isOver)).then(() => false);
  if (waitMs === Infinity) return ends;
  const done = new AbortController();
  const isTimeUp = await Promise.race([ends, sleep(clock, waitMs, done.signal).then(() => true)]);
  done.abort();
  return isTimeUp;
};

const isAboutClient = (send: Send | undefined): boolean =>
  send?.ending !== undefined && MAY_BE_CLIENT.has(send.ending.answer.class);

const startSend = (
  engine: Engine,
  client: Client,
  { grant, pair, attemptId }: Right,
  {
    secret,
    isOnlyOne,
    hasPair,
  }: { readonly secret: string; readonly isOnlyOne: boolean; readonly hasPair: () => boolean },
): Send => {
  const { clock, leases, transport } = engine;
  const sentAtMs = grant.sends.lastAtMs ?? engine.store.nowMs();
  const startedMs = clock.monotonicMs();
  const exchanged = transport(writeRequest(client, secret, grant.params, pair.refreshToken), {
    deadlineMs: exchangeDeadlineMs(grant.sends, client.provider, sentAtMs, engine.timing),
    clock,
    maySend() {
      engine.atStep('connected');
      if (!leases.isHeld(grant.id)) return false;
      // A repeat whose connection stands too late would only end the pair that is there.
      if (hasPair()) return false;
      const { repeats } = client.provider;
      return isOnlyOne || isInsideOverlap(grant.sends, repeats, engine.store.nowMs(), engine.timing);
    },
  });
  const end = async (): Promise<void> => {
    const exchange = await exchanged;
    engine.atStep('answered');
    const receivedAtMs = engine.store.nowMs();
    const tookMs = clock.monotonicMs() - startedMs;
    const answer = readAnswer(client.provider, exchange, receivedAtMs);
    send.ending = { answer, receivedAtMs, tookMs };
    engine.log({
      event: 'refresh.ended',
      grantId: grant.id,
      client: grant.client,
      generation: grant.generation,
      outcome: answer.class,
      code: answer.code,
      status: answer.status,
      requestId: answer.requestId,
      tookMs: Math.round(tookMs),
    });
  };
  const send: Send = { attemptId, sentAtMs, secret, isOver: end() };
  return send;
};

/** What a send brought, if it brought a pair. */
export const successOf = (send: Send): Success | undefined => {
  const pair = send.ending?.answer.pair;
  if (send.ending === undefined || pair === undefined) return undefined;
  const { answer, receivedAtMs } = send.ending;
  return { id: send.attemptId, answer: { ...answer, pair }, sentAtMs: send.sentAtMs, receivedAtMs };
};
