import { StoreError } from '../errors.ts';
import { atLatest, exchangeDeadlineMs, sendAgainAt } from '../grants/ambiguity.ts';
import { MAY_BE_CLIENT } from '../grants/answer-class.ts';
import type { Grant } from '../grants/grant.ts';
import { backoff } from '../grants/timing.ts';
import type { Client } from '../providers/clients.ts';
import { sleepInBackground } from '../time.ts';
import type { Millis } from '../time.ts';
import type { Claimed } from './claim.ts';
import { claimAgain } from './claim.ts';
import type { Engine } from './engine.ts';
import { spoolAnswer } from './keep.ts';
import type { Success } from './keep.ts';
import { isDecided, mayRepeat, mayRepeatsEndPairs } from './later-sends.ts';
import { sealAnswer } from './pair.ts';
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
  const { leases } = engine;
  const secrets = [...engine.book.secrets(right.grant.client)];
  const sends: Send[] = [];
  let { grant } = right;
  let secret = secrets.shift() ?? '';
  const sendOnce = (one: Right): void => {
    grant = one.grant;
    const isOnlyOne = sends.every(({ ending }) => ending !== undefined);
    const hasPair = (): boolean => sends.some((send) => successOf(send) !== undefined);
    const number = sends.length + 1;
    const isLast = (): boolean => sends.length === number;
    sends.push(startSend(engine, client, one, { secret, isOnlyOne, hasPair, isLast }));
  };
  sendOnce(right);
  for (;;) {
    if (isDecided(sends)) return { grant, sends };
    const open = sends.filter(({ ending }) => ending === undefined);
    const hasPair = sends.some((send) => successOf(send) !== undefined);
    if (hasPair && !isRepeatNeeded(engine, client, grant)) {
      // The answer to a later send is preferred, where it comes soon.
      if (open.length === 0 || (await waitFor(open, engine.timing.holdBackMs, engine.clock)))
        return { grant, sends };
      continue;
    }
    if (open.length > 0) {
      if (!(await isTimeToRepeat(engine, client, grant, open))) continue;
    } else if (hasPair) {
      // The repeat may have ended the pair that is here: only one more shows which one lives.
      await sleepInBackground(engine.clock, backoff(engine.timing, sends.length, engine.chance()));
    } else {
      const next = isAboutClient(sends.at(-1)) ? secrets.shift() : undefined;
      if (next === undefined || !leases.isHeld(grant.id)) return { grant, sends };
      secret = next;
    }
    // The store decides who may send: a clock that jumped has made a good lease look old.
    const again = await tryClaimAgain(engine, grant);
    if (again?.kind === 'claimed') sendOnce(again);
    else if (open.length > 0) await waitFor(open, Infinity, engine.clock);
    else return { grant, sends };
  }
};

/** Whether the pair that is here may be dead, and a repeat shows the one that lives. */
const isRepeatNeeded = (engine: Engine, client: Client, grant: Grant): boolean =>
  mayRepeatsEndPairs(engine, { ...client, name: grant.client }) && mayRepeat(engine, client, grant.sends);

/** Waits for an ending, or until the token is to be sent again. Returns whether that is so. */
const isTimeToRepeat = async (
  engine: Engine,
  client: Client,
  grant: Grant,
  open: readonly Send[],
): Promise<boolean> => {
  const { clock, timing, store } = engine;
  const nowMs = store.nowMs();
  const sends = atLatest(grant.sends, store.latest);
  const waitMs = (sendAgainAt(sends, client.provider.repeats, nowMs, timing) ?? Infinity) - nowMs;
  if (!(await waitFor(open, waitMs, clock))) return false;
  // A process that was stopped finds its time up and the answer waiting: the answer is read first.
  await sleepInBackground(clock, 0);
  return open.every(({ ending }) => ending === undefined);
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
  const isTimeUp = await Promise.race([ends, sleepInBackground(clock, waitMs, done.signal).then(() => true)]);
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
    isLast,
  }: {
    readonly secret: string;
    readonly isOnlyOne: boolean;
    readonly hasPair: () => boolean;
    readonly isLast: () => boolean;
  },
): Send => {
  const { clock, leases, transport } = engine;
  const sentAtMs = grant.sends.lastAtMs ?? engine.store.nowMs();
  const hadPair = hasPair();
  const startedMs = clock.monotonicMs();
  const exchanged = transport(writeRequest(client, secret, grant.params, pair.refreshToken), {
    deadlineMs: exchangeDeadlineMs(
      atLatest(grant.sends, engine.store.latest),
      client.provider,
      sentAtMs,
      engine.timing,
    ),
    clock,
    async maySend() {
      engine.atStep('connected');
      // Another process may have stored its answer to an earlier send. Then this one would show a used token.
      if (grant.sends.count > 1 && !(await leases.isInStore(grant))) return false;
      if (!leases.isHeld(grant.id)) return false;
      // A repeat whose connection stands too late would only end the pair that is there.
      if (hasPair() !== hadPair) return false;
      return (isOnlyOne && !hadPair) || mayRepeat(engine, client, grant.sends);
    },
  });
  const end = async (): Promise<void> => {
    const exchange = await exchanged;
    engine.atStep('answered');
    const receivedAtMs = engine.store.nowMs();
    const tookMs = clock.monotonicMs() - startedMs;
    const answer = readAnswer(client.provider, exchange, receivedAtMs, pair.refreshToken);
    send.ending = { answer, receivedAtMs, tookMs };
    // It may wait for the answer to a later send: on disk, because this process may end meanwhile.
    if (!isLast()) await keepForNow(engine, grant, send);
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

const keepForNow = async (engine: Engine, grant: Grant, send: Send): Promise<void> => {
  const success = successOf(send);
  if (success === undefined) return;
  try {
    await engine.store.noteEnds(
      [],
      sealAnswer(engine.keys, grant, { ...success, body: success.answer.body }),
    );
  } catch (error) {
    if (!(error instanceof StoreError)) throw error;
    spoolAnswer(engine, grant, success);
  }
};

/** What a send brought, if it brought a pair. */
export const successOf = (send: Send): Success | undefined => {
  const pair = send.ending?.answer.pair;
  if (send.ending === undefined || pair === undefined) return undefined;
  const { answer, receivedAtMs } = send.ending;
  return { id: send.attemptId, answer: { ...answer, pair }, sentAtMs: send.sentAtMs, receivedAtMs };
};
