import { createPrng } from '../support/prng.ts';
import { sendPipelined, sendRawBytes, sendSplit, sendStructured } from './sending.ts';
import type { Sending } from './sending.ts';
import { createSession } from './session.ts';
import type { Finding, Mode, Session } from './session.ts';
import { SHORT_TIMEOUTS, sendSlow } from './slow.ts';
import { startFuzzTarget } from './target.ts';
import type { FuzzTarget } from './target.ts';

/** Every mode: its description, its share of a run with all modes, and the function that sends its requests. */
export const MODES: Readonly<
  Record<
    Mode,
    { readonly what: string; readonly share: number; readonly send: (sending: Sending) => Promise<void> }
  >
> = {
  structured: {
    what: 'valid requests with a broken header or member, on persistent connections',
    share: 0.5,
    send: sendStructured,
  },
  pipelined: {
    what: 'the same, with many requests in one write; answers must be in order',
    share: 0.3,
    send: sendPipelined,
  },
  raw: {
    what: 'random bytes, requests with mutated bytes, junk in chunks, small segments',
    share: 0.12,
    send: sendRawBytes,
  },
  split: {
    what: 'a request with an invalid token, split into two writes at every byte',
    share: 0.078,
    send: sendSplit,
  },
  slow: {
    what: 'bytes sent slowly until the server, which waits 1 s, closes the connection',
    share: 0.002,
    send: sendSlow,
  },
};

const MODE_NAMES = Object.keys(MODES) as readonly Mode[];

export type FuzzOptions = {
  readonly requests: number;
  readonly seed: number;
  readonly mode: Mode | 'all';
  readonly onProgress: (done: number, total: number) => void;
};

/** The result of a run. Without findings, the server kept every guarantee. */
export type FuzzReport = {
  readonly requests: number;
  readonly answers: number;
  readonly statuses: Readonly<Record<number, number>>;
  readonly seconds: number;
  /** After the warm-up, at the end, and the limit at the end. `undefined` if unavailable or if only slow requests ran. */
  readonly megabytes: { readonly early: number; readonly late: number; readonly limit: number } | undefined;
  readonly findings: readonly Finding[];
};

/** Starts servers, fuzzes them and stops them. Slow requests have a separate server, whose timeouts are one second. */
export const fuzz = async ({ requests, seed, mode, onProgress }: FuzzOptions): Promise<FuzzReport> => {
  const startedAtMs = performance.now();
  const session = createSession((done) => onProgress(Math.min(done, requests), requests));
  const counts = MODE_NAMES.map((name): [Mode, number] => [
    name,
    mode === 'all' ? Math.ceil(requests * MODES[name].share) : mode === name ? requests : 0,
  ]);
  const fast = counts.filter(([name, count]) => name !== 'slow' && count > 0);
  const slow = counts.filter(([name, count]) => name === 'slow' && count > 0);
  const [megabytes] = await Promise.all([
    fast.length === 0 ? undefined : fuzzServer(session, fast, seed, {}),
    slow.length === 0 ? undefined : fuzzServer(session, slow, seed, SHORT_TIMEOUTS),
  ]);
  return {
    requests: session.done,
    answers: session.answers,
    statuses: session.statuses,
    seconds: Math.round((performance.now() - startedAtMs) / 1000),
    megabytes,
    findings: session.findings,
  };
};

const ROUNDS_MIN = 10;
/** The requests of one round. After each round the server is checked from outside. */
const ROUND_FAST = 20_000;
const ROUND_SLOW = 50;
/** The rounds between two checks of the grants, each of which starts a process. */
const ROUNDS_PER_LISTING = 5;

const fuzzServer = async (
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
    const isSlow = environment === SHORT_TIMEOUTS;
    const rounds = isSlow
      ? Math.ceil(total / ROUND_SLOW)
      : Math.max(ROUNDS_MIN, Math.ceil(total / ROUND_FAST));
    const sizes: [requests: number, megabytes: number][] = [];
    for (let round = 0; round < rounds && !session.isOver() && target.isAlive(); round++) {
      // Both servers share the session. Only the rounds of the fast one clear it, because only that one has many requests.
      if (!isSlow) session.beginRound();
      await sendRound({ session, target, counts, seed, round, rounds });
      for (const { what, requestId } of target.findLogFaults()) session.findByRequestId(what, requestId);
      sizes.push([(total * (round + 1)) / rounds, target.readMegabytes() ?? 0]);
      if (round % ROUNDS_PER_LISTING === ROUNDS_PER_LISTING - 1 && target.isAlive())
        find(await target.findChangedGrant());
    }
    const megabytes = isSlow ? undefined : judgeMemory(sizes, find);
    if (!target.isAlive()) return megabytes;
    find(await target.findChangedGrant());
    find(await target.findFailedRefresh());
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

/** After this many requests the server's heap has its full size under this load, and its caches are full. */
const WARMUP_REQUESTS = 50_000;
/** The limit for a short run: about 1.6 times the 250 MB that a server uses while it warms up. */
const SHORT_RUN_LIMIT_MB = 400;

/**
 * After the warm-up, memory may grow only by uncollected garbage: 30 % and 40 MB. In a run of a million requests this is
 * about 130 bytes per request, little more than the smallest object with a string, so it finds a leak of one object per
 * request. A run shorter than twice the warm-up has a fixed limit, which only finds a leak of kilobytes per request.
 */
const judgeMemory = (
  sizes: readonly (readonly [requests: number, megabytes: number])[],
  find: (what: string) => void,
): FuzzReport['megabytes'] => {
  const [total, late] = sizes.at(-1) ?? [0, 0];
  const warmupEnd = Math.max(total / 10, Math.min(WARMUP_REQUESTS, total / 2));
  const [, early] = sizes.find(([requests]) => requests >= warmupEnd) ?? [0, 0];
  if (early === 0 || late === 0) return undefined;
  const limit = total < 2 * WARMUP_REQUESTS ? SHORT_RUN_LIMIT_MB : Math.round(early * 1.3 + 40);
  if (late > limit) find(`memory went from ${early} to ${late} MB, over ${limit} MB`);
  return { early, late, limit };
};
