import type { GrantChange } from '../grants/decide.ts';
import { StoreError } from '../errors.ts';
import { isInUse } from '../grants/due.ts';
import type { GrantEvent } from '../grants/events.ts';
import type { Due, Grant, Pair } from '../grants/grant.ts';
import { NO_SENDS, isAlive } from '../grants/grant.ts';
import { backoff } from '../grants/timing.ts';
import type { Client } from '../providers/clients.ts';
import { lifetimesOf } from '../providers/learned.ts';
import type { LearnedFacts } from '../providers/learned.ts';
import type { AttemptEnd, Settlement, StoredAnswer } from '../stores/store.ts';
import type { Millis } from '../time.ts';
import { sleep } from '../time.ts';
import type { Engine } from './engine.ts';
import { mayRepeatsEndPairs, mustWait } from './later-sends.ts';
import { dueOf, nextPair, openAnswer, openPair, sealAnswer, sealPair } from './pair.ts';
import type { Answer } from './read-answer.ts';
import { readAnswer } from './read-answer.ts';
import { keepToRevoke } from './revoke.ts';
import { wasSent } from './was-sent.ts';

/** A usable answer, and when it was asked for. */
export type Success = {
  readonly id: string;
  readonly answer: Answer & { readonly pair: Pair };
  readonly sentAtMs: Millis;
  readonly receivedAtMs: Millis;
};

/**
 * What became of a pair. `grant` is the row as it would be where the store has not taken it yet. `waits`: it is stored as an
 * answer, because another process sends the same token, and the answer to that decides.
 */
export type Kept = { readonly grant: Grant; readonly isSaved: boolean; readonly waits?: boolean };

/**
 * The second transaction of a refresh: the new pair, on disk before anybody gets it. It does not need the lease: the answer
 * to the row's present token is right, because its pair may be the only one that lives.
 * Where the store refuses, the answer goes to the spool and is offered again until the store takes it.
 */
export const keepPair = async (
  engine: Engine,
  grant: Grant,
  success: Success,
  also: {
    readonly ended: readonly AttemptEnd[];
    readonly spares: readonly Success[];
    readonly drop?: readonly string[];
  },
): Promise<Kept> => {
  const client = clientOf(engine, grant);
  const before = openPair(engine.keys, grant);
  const settle = async (now: Grant): Promise<Kept> => {
    const { settlement, grant: next } = settlementOf(engine, now, client, success, before, also);
    const seen = { generation: grant.generation, epoch: grant.epoch };
    if (mayRepeatsEndPairs(engine, { ...client, name: grant.client })) {
      const { isDone, grant: row } = await engine.store.settle(
        grant.id,
        { ...seen, fence: grant.fence },
        settlement,
      );
      if (isDone) return { grant: row ?? next, isSaved: true };
      const isSame = row?.generation === seen.generation && row.epoch === seen.epoch && isAlive(row);
      if (isSame && mustWait(engine, client, row, success.sentAtMs))
        return { grant: row, isSaved: true, waits: true };
    }
    const result = await engine.store.settle(grant.id, seen, settlement);
    if (!result.isDone && result.grant?.state === 'closed')
      await keepToRevoke(
        engine,
        client,
        grant.id,
        [success, ...also.spares].map((one) => sealed(engine, grant, one)),
      );
    const back = result.isDone ? undefined : await bringBack(engine, seen, client, result.grant, success);
    return { grant: back ?? result.grant ?? next, isSaved: true };
  };
  engine.atStep('before_settle');
  try {
    const kept = await settle(await asItIs(engine, grant));
    engine.atStep('after_settle');
    for (const { id } of [success, ...also.spares]) engine.spool.remove(id);
    return kept;
  } catch (error) {
    if (!(error instanceof StoreError)) throw error;
    engine.leases.doubt(engine.timing.storeSettleMs);
    offer(engine, grant, [success, ...also.spares], settle, error.message);
    return { grant: settlementOf(engine, grant, client, success, before, also).grant, isSaved: false };
  }
};

/**
 * A pair that comes when its row has moved on and died: it may have ended the one that was refused. Or the row is behind, because
 * its store was restored: then the pair is the newer one. It is a spare already, so nothing is lost where somebody else brings the grant back.
 */
const bringBack = async (
  engine: Engine,
  seen: Pick<Grant, 'generation' | 'epoch'>,
  client: Client,
  row: Grant | undefined,
  success: Success,
): Promise<Grant | undefined> => {
  if (row?.epoch !== seen.epoch || row.state === 'closed') return undefined;
  const isBehind = row.generation < seen.generation;
  if (!isBehind && (row.state !== 'dead' || row.generation === seen.generation)) return undefined;
  const refused = openPair(engine.keys, row);
  const { refreshToken } = success.answer.pair;
  if (refreshToken === undefined || refreshToken === refused.refreshToken) return undefined;
  if (await wasSent(engine, row, refreshToken)) return undefined;
  const { settlement } = settlementOf(engine, row, client, success, refused, { ended: [], spares: [] });
  const { grant } = await engine.store.settle(
    row.id,
    { generation: row.generation, epoch: row.epoch },
    settlement,
  );
  return grant;
};

/** Takes answers that wait in the store, or in a spool, into their row. Returns the row; `undefined` where none can be read. */
export const keepStored = async (
  engine: Engine,
  grant: Grant,
  answers: readonly StoredAnswer[],
): Promise<Grant | undefined> => {
  const client = clientOf(engine, grant);
  const { refreshToken } = openPair(engine.keys, grant);
  const successes = answers
    .map((stored) => readStored(engine, client, stored, refreshToken))
    .filter((success) => success !== undefined)
    .sort((one, other) => other.sentAtMs - one.sentAtMs);
  const [latest, ...spares] = successes;
  if (latest === undefined) return undefined;
  const kept = await keepPair(engine, grant, latest, { ended: [], spares, drop: [latest.id] });
  return kept.grant;
};

/** An answer as it was stored, if it is readable. `sent` is the refresh token that was sent for it, where that is known. */
export const readStored = (
  engine: Engine,
  client: Client,
  stored: StoredAnswer,
  sent?: string,
): Success | undefined => {
  const body = openAnswer(engine.keys, stored);
  const exchange = { kind: 'answered', status: 200, headers: {}, body } as const;
  const answer = readAnswer(client.provider, exchange, engine.store.nowMs(), sent);
  if (answer.pair === undefined) return undefined;
  const { id, sentAtMs, receivedAtMs } = stored;
  return { id, answer: { ...answer, pair: answer.pair }, sentAtMs, receivedAtMs };
};

/** The row as it is now, where this process has lost the lease: others may have announced something meanwhile. */
const asItIs = async (engine: Engine, grant: Grant): Promise<Grant> => {
  if (engine.leases.isHeld(grant.id)) return grant;
  const now = await engine.store.read(grant.id);
  return now?.generation === grant.generation && now.epoch === grant.epoch ? now : grant;
};

const clientOf = ({ clients }: Engine, { client: name }: Grant): Client => {
  const client = clients.get(name);
  if (client === undefined) throw new Error(`no client "${name}"`);
  return client;
};

const settlementOf = (
  engine: Engine,
  grant: Grant,
  client: Client,
  success: Success,
  before: Pair,
  also: {
    readonly ended: readonly AttemptEnd[];
    readonly spares: readonly Success[];
    readonly drop?: readonly string[];
  },
): { readonly settlement: Settlement; readonly grant: Grant } => {
  const { learned } = engine.book.facts(grant.client);
  const isHalf = success.answer.class === 'refresh_only';
  const { pair, about } = nextPair(grant, client, learned, { ...success.answer, ...success }, before);
  const place = { id: grant.id, generation: grant.generation + 1, epoch: grant.epoch };
  const sealedPair = sealPair(engine.keys, place, pair, about);
  const nowMs = engine.store.nowMs();
  const failures = isHalf ? grant.failures + 1 : 0;
  const asked = { askedAtMs: engine.askedAt(grant.id) ?? grant.askedAtMs, nowMs };
  const due =
    (isHalf ? dueAgain(engine, client, learned, { ...asked, failures }) : undefined) ??
    dueOf(place, client, learned, about, asked);
  const change: GrantChange = {
    state: 'active',
    cause: undefined,
    sends: NO_SENDS,
    failures,
    due,
    isAtRisk: isHalf,
  };
  const isSame = ({ answer }: Success): boolean => answer.pair.refreshToken === pair.refreshToken;
  return {
    settlement: {
      change,
      pair: sealedPair,
      ended: also.ended,
      events: eventsOf(grant, isHalf, Math.max(nowMs, about.accessExpiresAtMs)),
      keep: also.spares.filter((one) => !isSame(one)).map((one) => sealed(engine, grant, one)),
      keepIfMoved: [success, ...also.spares].map((one) => sealed(engine, grant, one)),
      // They may have waited in the store.
      drop: [...(also.drop ?? []), success.id, ...also.spares.filter(isSame).map(({ id }) => id)],
    },
    grant: { ...grant, ...change, ...sealedPair, generation: place.generation, lease: undefined },
  };
};

/**
 * When a grant without a usable access token is refreshed again, where somebody asks for one: with a pause that doubles. Every
 * refresh is a risk, so where nobody asks it waits for its usual time.
 */
const dueAgain = (
  engine: Engine,
  client: Client,
  learned: LearnedFacts,
  { failures, ...asked }: { askedAtMs: Millis | undefined; nowMs: Millis; failures: number },
): Due | undefined => {
  const keepWarm = client.keepWarm === 'always' ? 'always' : 'asked';
  const lifetimes = lifetimesOf(client.provider, learned);
  if (!isInUse({ ...asked, lifetimes, keepWarm }, asked.nowMs)) return undefined;
  return { atMs: asked.nowMs + backoff(engine.timing, failures, engine.chance()), rank: 0 };
};

const eventsOf = (grant: Grant, isHalf: boolean, deadlineMs: Millis): readonly GrantEvent[] => {
  const isDead = grant.state === 'dead';
  const recovered: readonly GrantEvent[] =
    isDead || (grant.isAtRisk && !isHalf) ? [{ kind: 'recovered' }] : [];
  const isNew = isHalf && (isDead || !grant.isAtRisk);
  return isNew ? [...recovered, { kind: 'at_risk', deadlineMs }] : recovered;
};

const sealed = (engine: Engine, grant: Grant, success: Success): StoredAnswer =>
  sealAnswer(engine.keys, grant, { ...success, body: success.answer.body });

/** Writes an answer that the store refuses to the spool. Returns whether it is on disk. */
export const spoolAnswer = (engine: Engine, grant: Grant, success: Success): boolean => {
  try {
    engine.spool.write(sealed(engine, grant, success));
    return true;
  } catch {
    return false;
  }
};

const RETRY_MS = 500;

/**
 * Writes the pairs of one conversation to the spool, and offers them to the store until it takes them. Where they are offered already,
 * nothing is done: while the store refuses, each turn of the schedule comes here again.
 */
const offer = (
  engine: Engine,
  grant: Grant,
  answers: readonly [Success, ...Success[]],
  settle: (now: Grant) => Promise<Kept>,
  reason: string,
): void => {
  const key = `${answers[0].id} ${grant.generation}`;
  if (engine.offered.has(key)) return;
  engine.offered.add(key);
  const isOnDisk = answers.map((one) => spoolAnswer(engine, grant, one)).every(Boolean);
  engine.log({ event: 'answer.spooled', grantId: grant.id, isOnDisk, reason });
  const offering = offerUntilTaken(engine, grant, answers, settle);
  engine.unsaved.track(offering.finally(() => engine.offered.delete(key)));
};

const offerUntilTaken = async (
  engine: Engine,
  grant: Grant,
  answers: readonly Success[],
  settle: (now: Grant) => Promise<Kept>,
): Promise<void> => {
  for (;;) {
    await sleep(engine.clock, RETRY_MS);
    if (engine.unsaved.isGivenUp()) return;
    try {
      await settle(await asItIs(engine, grant));
      for (const { id } of answers) engine.spool.remove(id);
      engine.leases.release(grant.id);
      engine.log({ event: 'answer.saved_late', grantId: grant.id });
      return;
    } catch (error) {
      if (!(error instanceof StoreError)) throw error;
    }
  }
};
