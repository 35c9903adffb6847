import { alignTable } from '../report.ts';
import { spreadOf } from '../statistics.ts';
import { CAUSES } from './causes.ts';
import type { Cause, Explained } from './causes.ts';
import { SERVERS } from './tail.ts';
import type { Happening, Latencies, ServerName, Tail } from './tail.ts';

const CAUSE_NAMES: Readonly<Record<Cause, string>> = {
  earlier_rows: 'an earlier batch reads and writes its rows',
  earlier_commit: 'an earlier batch commits',
  others_unread: 'others are read and answered before it is read',
  batch_fills: 'it is read and opened, and the rest of its batch',
  own_rows: 'its batch reads and writes its rows',
  own_commit: 'its batch commits',
  commit_beside_checkpoint: 'a commit, while a checkpoint runs',
  answering: 'its batch is sealed and answered, up to it',
  young_collection: 'garbage collection, young generation',
  old_collection: 'garbage collection, all else',
  no_core: 'the server has work and no core',
  way_back: 'the way to the client, which is busy with others',
};

const SERVER_NAMES: Readonly<Record<ServerName, string>> = {
  bare: 'bare node:http',
  keyfob: 'Keyfob',
  keyfob_probed: 'Keyfob, with the probe',
};

const HAPPENING_NAMES: Readonly<Record<Happening['what'], string>> = {
  batch: 'transaction, from begin to commit',
  commit: 'commit, no checkpoint beside it',
  commit_beside_checkpoint: 'commit while a checkpoint runs',
  young_collection: 'garbage collection, young generation',
  old_collection: 'garbage collection, all else',
  checkpoint: 'checkpoint, on its own thread',
};

const milliseconds = (value: number): string => value.toFixed(2);
const percent = (share: number): string => `${Math.round(share * 100)} %`;

/** The mean of each cause over some requests, in milliseconds, and of what else is known of them. */
export type Group = {
  readonly name: string;
  readonly latencyMs: number;
  readonly earlierBatches: number;
  readonly causes: Readonly<Record<Cause, number>>;
};

/** All requests, and the slowest hundredth and thousandth, from requests in the order of their latency. */
export const groupsOf = (explained: readonly Explained[]): readonly Group[] =>
  (
    [
      ['all', 1],
      ['slowest 1 %', 0.01],
      ['slowest 0.1 %', 0.001],
    ] as const
  ).map(([name, share]) => {
    const members = explained.slice(explained.length - Math.max(1, Math.round(explained.length * share)));
    const mean = (read: (one: Explained) => number): number =>
      members.reduce((total, one) => total + read(one), 0) / members.length;
    const causes = Object.fromEntries(CAUSES.map((cause) => [cause, mean((one) => one.causes[cause])]));
    return {
      name,
      latencyMs: mean(({ latencyMs }) => latencyMs),
      earlierBatches: mean(({ earlierBatches }) => earlierBatches),
      causes: causes as Record<Cause, number>,
    };
  });

/** The tables: latencies, causes, and what happened in the server. */
export const writeTail = ({ latencies, explained, happenings }: Tail): readonly string[] => [
  writeLatencies(latencies),
  writeCauses(groupsOf(explained)),
  writeHappenings(happenings),
];

const writeLatencies = (latencies: readonly Latencies[]): string =>
  alignTable([
    ['server', 'p50 ms', 'p99 ms', 'p99.9 ms', 'longest ms'],
    ...SERVERS.map((server) => {
      const rounds = latencies.filter((one) => one.server === server);
      const cell = (read: (one: Latencies) => number): string => {
        const { median, min, max } = spreadOf(rounds.map(read));
        return `${milliseconds(median)} (${milliseconds(min)}-${milliseconds(max)})`;
      };
      return [
        SERVER_NAMES[server],
        cell(({ p50Ms }) => p50Ms),
        cell(({ p99Ms }) => p99Ms),
        cell(({ p999Ms }) => p999Ms),
        cell(({ longestMs }) => longestMs),
      ];
    }),
  ]);

const writeCauses = (groups: readonly Group[]): string =>
  alignTable([
    ['mean ms of a request', ...groups.flatMap(({ name }) => [name, 'share'])],
    ...CAUSES.map((cause) => [
      CAUSE_NAMES[cause],
      ...groups.flatMap(({ causes, latencyMs }) => [
        milliseconds(causes[cause]),
        percent(causes[cause] / latencyMs),
      ]),
    ]),
    ['in all', ...groups.flatMap(({ latencyMs }) => [milliseconds(latencyMs), ''])],
    [
      'number of earlier batches',
      ...groups.flatMap(({ earlierBatches }) => [milliseconds(earlierBatches), '']),
    ],
  ]);

const writeHappenings = (happenings: readonly Happening[]): string =>
  alignTable([
    ['in the server', 'per second', 'p50 ms', 'p99 ms', 'longest ms'],
    ...happenings.map(({ what, perSecond, p50Ms, p99Ms, longestMs }) => [
      HAPPENING_NAMES[what],
      perSecond.toFixed(perSecond < 10 ? 1 : 0),
      milliseconds(p50Ms),
      milliseconds(p99Ms),
      milliseconds(longestMs),
    ]),
  ]);
