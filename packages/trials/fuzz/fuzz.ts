import { createPrng } from '../support/prng.ts';
import { sendPipelined, sendRawBytes, sendSplit, sendStructured } from './sending.ts';
import type { Sending } from './sending.ts';
import { createSession } from './session.ts';
import type { Finding, Mode, Session } from './session.ts';
import { ONE_SECOND, sendSlow } from './slow.ts';
import { startFuzzTarget } from './target.ts';
import type { FuzzTarget } from './target.ts';

/** Every mode: what it is, its share of a run of all, and how it is sent. */
export const MODES: Readonly<
  Record<
    Mode,
    { readonly what: string; readonly share: number; readonly send: (sending: Sending) => Promise<void> }
  >
> = {
  structured: {
    what: 'each header and member of good requests broken, over kept connections',
    share: 0.5,
    send: sendStructured,
  },
  pipelined: { what: 'the same, many in one write, answered in order', share: 0.3, send: sendPipelined },
  raw: {
    what: 'random bytes, requests mutated by bytes, junk in chunks, small segments',
    share: 0.12,
    send: sendRawBytes,
  },
  split: {
    what: 'a request with a dead token cut in two writes, at every byte',
    share: 0.078,
    send: sendSplit,
  },
  slow: { what: 'bytes trickled until the server, which waits 1 s, ends it', share: 0.002, send: sendSlow },
};

const MODE_NAMES = Object.keys(MODES) as readonly Mode[];

export type FuzzOptions = {
  readonly requests: number;
  readonly seed: number;
  readonly mode: Mode | 'all';
  readonly onProgress: (done: number, total: number) => void;
};

/** What a run came to. No findings: the server kept every promise. */
export type FuzzReport = {
  readonly requests: number;
  readonly answers: number;
  readonly statuses: Readonly<Record<number, number>>;
  readonly seconds: number;
  /** Once settled, at the end, and the most it may be then. `undefined` where it cannot be read, or all was slow. */
  readonly megabytes: { readonly early: number; readonly late: number; readonly limit: number } | undefined;
  readonly findings: readonly Finding[];
};

/** Fuzzes servers of its own and stops them. Slow requests have one to themselves, which waits for a second only. */
export const fuzz = async ({ requests, seed, mode, onProgress }: FuzzOptions): Promise<FuzzReport> => {
  const began = performance.now();
  const session = createSession((done) => onProgress(Math.min(done, requests), requests));
  const counts = MODE_NAMES.map((name): [Mode, number] => [
    name,
    mode === 'all' ? Math.ceil(requests * MODES[name].share) : mode === name ? requests : 0,
  ]);
  const fast = counts.filter(([name, count]) => name !== 'slow' && count > 0);
  const slow = counts.filter(([name, count]) => name === 'slow' && count > 0);
  const [megabytes] = await Promise.all([
    fast.length === 0 ? undefined : fuzzOne(session, fast, seed, {}),
    slow.length === 0 ? undefined : fuzzOne(session, slow, seed, ONE_SECOND),
  ]);
  return {
    requests: session.done,
    answers: session.answers,
    statuses: session.statuses,
    seconds: Math.round((performance.now() - began) / 1000),
    megabytes,
    findings: session.findings,
  };
};

const ROUNDS_MIN = 10;
/** Requests of one round: between two of them the server is looked at from outside. */
const ROUND_FAST = 20_000;
const ROUND_SLOW = 50;
/** Rounds between two looks at the grants, each of which starts a process. */
const ROUNDS_PER_LISTING = 5;

const fuzzOne = async (
  session: Session,
  counts: readonly (readonly [Mode, number])[],
  seed: number,
  environment: Readonly<Record<string, string>>,
): Promise<FuzzReport['megabytes']> => {
  const target = await startFuzzTarget(environment);
  const find = (what: string | undefined): void => {
    if (what !== undefined) session.find({ mode: counts[0]?.[0] ?? 'structured', what, requests: [] });
  };
  try {
    const total = counts.reduce((sum, [, count]) => sum + count, 0);
    const isSlow = environment === ONE_SECOND;
    const rounds = isSlow
      ? Math.ceil(total / ROUND_SLOW)
      : Math.max(ROUNDS_MIN, Math.ceil(total / ROUND_FAST));
    const sizes: [requests: number, megabytes: number][] = [];
    for (let round = 0; round < rounds && !session.isOver() && target.isAlive(); round++) {
      // The other server's rounds are not these: only the one with the many requests has any to forget.
      if (!isSlow) session.beginRound();
      await sendRound({ session, target, counts, seed, round, rounds });
      for (const { what, requestId } of target.findLogFaults()) session.findByRequestId(what, requestId);
      sizes.push([(total * (round + 1)) / rounds, target.readMegabytes() ?? 0]);
      if (round % ROUNDS_PER_LISTING === ROUNDS_PER_LISTING - 1 && target.isAlive())
        find(await target.findMovedGrant());
    }
    const megabytes = isSlow ? undefined : judgeMemory(sizes, find);
    if (!target.isAlive()) return megabytes;
    find(await target.findMovedGrant());
    find(await target.findDeadToken());
    return megabytes;
  } finally {
    find(await target.stop());
  }
};

type Round = {
  readonly session: Session;
  readonly target: FuzzTarget;
  readonly counts: readonly (readonly [Mode, number])[];
  readonly seed: number;
  readonly round: number;
  readonly rounds: number;
};

const sendRound = async ({ session, target, counts, seed, round, rounds }: Round): Promise<void> => {
  const prng = createPrng(seed + round * 7919);
  for (const [mode, total] of counts) {
    const from = Math.floor((total * round) / rounds);
    const count = Math.floor((total * (round + 1)) / rounds) - from;
    await MODES[mode].send({ session, target, count, from, seed: prng.between(0, 2 ** 30) });
  }
};

/** By then the server's heap has grown to what it needs under this load, and its caches are full. */
const SETTLED_REQUESTS = 50_000;
/** What a server takes under this load before it settles, some 250 MB, and more than half of it again. */
const UNSETTLED_LIMIT = 400;

/**
 * Memory may grow, once the server has settled, by what its collector leaves lying about, and no more: a third, and 40
 * MB. In a run of a million that is room for some 130 bytes a request, little more than the least object with a string
 * in it, so what keeps one thing of every request is found. A run that is shorter than twice what settling takes is told
 * by a fixed limit, which finds only what keeps kilobytes of each.
 */
const judgeMemory = (
  sizes: readonly (readonly [requests: number, megabytes: number])[],
  find: (what: string) => void,
): FuzzReport['megabytes'] => {
  const [total, late] = sizes.at(-1) ?? [0, 0];
  const warm = Math.max(total / 10, Math.min(SETTLED_REQUESTS, total / 2));
  const [, early] = sizes.find(([requests]) => requests >= warm) ?? [0, 0];
  if (early === 0 || late === 0) return undefined;
  const limit = total < 2 * SETTLED_REQUESTS ? UNSETTLED_LIMIT : Math.round(early * 1.3 + 40);
  if (late > limit) find(`memory went from ${early} to ${late} MB, over ${limit} MB`);
  return { early, late, limit };
};
