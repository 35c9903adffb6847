import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { DialectName } from '../../support/dialect-name.ts';
import { makeDataDirectory, removeDataDirectory } from '../../support/keyfob-process.ts';
import type { Cores } from '../cores.ts';
import { percentileOf } from '../statistics.ts';
import { openEcho } from '../targets/echo.ts';
import { openKeyfob } from '../targets/keyfob.ts';
import type { Target } from '../targets/target.ts';
import { batchesOf, explainRequests } from './causes.ts';
import type { Batch, ClientRequest, Explained } from './causes.ts';
import { recordLoad } from './load.ts';
import { KINDS, readMoments, YOUNG_COLLECTION } from './moments.ts';
import type { Moment } from './moments.ts';

export type TailPlan = {
  readonly dialect: DialectName;
  readonly connections: number;
  readonly rounds: number;
  readonly warmupMs: number;
  readonly measureMs: number;
  /** Arguments for Node, after those of `npm start`. */
  readonly nodeArgs: readonly string[];
};

/** The servers of a round. The probe has a cost of its own, so Keyfob runs with and without it. */
export const SERVERS = ['bare', 'keyfob', 'keyfob_probed'] as const;
export type ServerName = (typeof SERVERS)[number];

/** The latencies of one server in one round, in milliseconds. */
export type Latencies = {
  readonly server: ServerName;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly p999Ms: number;
  readonly longestMs: number;
};

/** How often something happened in the server, and how long it took. */
export type Happening = {
  readonly what:
    'batch' | 'commit' | 'commit_beside_checkpoint' | 'young_collection' | 'old_collection' | 'checkpoint';
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly longestMs: number;
};

export type Tail = {
  readonly latencies: readonly Latencies[];
  /** Every explained request, from fast to slow. */
  readonly explained: readonly Explained[];
  /** The number of requests under the probe, explained or not. */
  readonly requests: number;
  readonly happenings: readonly Happening[];
};

/** Measures the three servers in turn, in rounds, and explains the requests of the probed one. */
export const measureTail = async (
  { dialect, connections, rounds, nodeArgs, ...times }: TailPlan,
  { pin, onProgress }: Pick<Cores, 'pin'> & { onProgress(done: number, total: number): void },
): Promise<Tail> => {
  const directory = makeDataDirectory();
  const probe = new URL(`probe.ts?directory=${encodeURIComponent(directory)}`, import.meta.url);
  const open: Readonly<Record<ServerName, () => Promise<Target>>> = {
    bare: () => openEcho(dialect)(connections),
    keyfob: () => openKeyfob(dialect, nodeArgs)(connections),
    keyfob_probed: () => openKeyfob(dialect, [...nodeArgs, '--import', probe.href])(connections),
  };
  const opened: { readonly server: ServerName; readonly target: Target; tokens: readonly string[] }[] = [];
  const latencies: Latencies[] = [];
  const probed: ClientRequest[] = [];
  try {
    pin(process.pid, 'generator');
    try {
      for (const server of SERVERS) {
        const target = await open[server]();
        opened.push({ server, target, tokens: target.refreshTokens });
        for (const pid of target.pids) pin(pid, 'server');
      }
      for (let round = 0; round < rounds; round++) {
        for (const [index, one] of opened.entries()) {
          onProgress(round * SERVERS.length + index, rounds * SERVERS.length);
          const { requests, refreshTokens } = await recordLoad(one.target, one.tokens, times);
          one.tokens = refreshTokens;
          latencies.push({ server: one.server, ...latenciesOf(requests) });
          if (one.server === 'keyfob_probed') for (const request of requests) probed.push(request);
        }
      }
    } finally {
      for (const { target } of opened) await target.close();
    }
    const moments = readAllMoments(directory);
    const explained = explainRequests(probed, moments).toSorted(
      (left, right) => left.latencyMs - right.latencyMs,
    );
    const seconds = (rounds * (times.warmupMs + times.measureMs)) / 1000;
    return { latencies, explained, requests: probed.length, happenings: happeningsOf(moments, seconds) };
  } finally {
    removeDataDirectory(directory);
  }
};

const latenciesOf = (requests: readonly ClientRequest[]): Omit<Latencies, 'server'> => {
  const sorted = Float64Array.from(requests, ({ sentMs, receivedMs }) => receivedMs - sentMs).sort();
  return {
    p50Ms: percentileOf(sorted, 0.5),
    p99Ms: percentileOf(sorted, 0.99),
    p999Ms: percentileOf(sorted, 0.999),
    longestMs: percentileOf(sorted, 1),
  };
};

/** The main thread's moments in their order, then those of the thread that makes checkpoints. */
const readAllMoments = (directory: string): readonly Moment[] =>
  readdirSync(directory)
    .toSorted()
    .flatMap((name) => readMoments(readFileSync(join(directory, name))));

const lengthOf = ({ startMs, endMs }: Moment): number => endMs - startMs;
const commitOf = ({ commitMs, endMs }: Batch): number => endMs - commitMs;

const happeningsOf = (moments: readonly Moment[], seconds: number): readonly Happening[] => {
  const batches = batchesOf(moments);
  const checkpoints = moments.filter(({ kind }) => kind === KINDS.checkpoint);
  const isBeside = ({ commitMs, endMs }: Batch): boolean =>
    checkpoints.some((checkpoint) => checkpoint.startMs < endMs && checkpoint.endMs > commitMs);
  const collections = moments.filter(({ kind }) => kind === KINDS.collection);
  const commits = Map.groupBy(batches, isBeside);
  const young = Map.groupBy(collections, ({ detail }) => detail === YOUNG_COLLECTION);
  const lengths = {
    batch: batches.map(({ beginMs, endMs }) => endMs - beginMs),
    commit: (commits.get(false) ?? []).map(commitOf),
    commit_beside_checkpoint: (commits.get(true) ?? []).map(commitOf),
    young_collection: (young.get(true) ?? []).map(lengthOf),
    old_collection: (young.get(false) ?? []).map(lengthOf),
    checkpoint: checkpoints.map(lengthOf),
  } satisfies Record<Happening['what'], readonly number[]>;
  return (Object.entries(lengths) as [Happening['what'], number[]][]).flatMap(([what, values]) => {
    if (values.length === 0) return [];
    const sorted = Float64Array.from(values).sort();
    return [
      {
        what,
        perSecond: values.length / seconds,
        p50Ms: percentileOf(sorted, 0.5),
        p99Ms: percentileOf(sorted, 0.99),
        longestMs: percentileOf(sorted, 1),
      },
    ];
  });
};
