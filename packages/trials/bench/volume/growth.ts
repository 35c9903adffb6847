import { startKeyfob } from '../../support/keyfob-process.ts';
import type { KeyfobServer } from '../../support/keyfob-process.ts';
import { logBytes, storeBytes } from './directory.ts';
import type { Volume } from './directory.ts';
import { faultFigure, quantile, showNumber } from './figure.ts';
import type { Figure } from './figure.ts';
import { refreshMany } from './load.ts';
import type { Load } from './load.ts';
import { memoryMb } from './process.ts';

export type GrowthOptions = {
  readonly refreshes: number;
  readonly onProgress: (done: number, total: number) => void;
};

const GROWTH_MOST_PERCENT = 5;
const CONNECTIONS = 64;
/** The part of the refreshes that goes over one connection. */
const ALONE_PART = 0.02;
/** After it the log has found its size, unless there are only some thousand refreshes. */
const FIRST_PART = 0.1;

/** What refreshes leave behind in the store's files and in memory, and the longest wait that a client had meanwhile. */
export const measureGrowth = async (
  volume: Volume,
  { refreshes, onProgress }: GrowthOptions,
): Promise<readonly Figure[]> => {
  const storeBefore = storeBytes(volume.directory);
  const server = await startKeyfob({ dataDirectory: volume.directory });
  try {
    let done = 0;
    const run = async (connections: number, part: number): Promise<Load> => {
      const before = done;
      const report = (now: number): void => onProgress(before + now, refreshes);
      const count = Math.max(1, Math.round(refreshes * part));
      const load = await refreshMany(volume, server.url, {
        connections,
        refreshes: count,
        onProgress: report,
      });
      done += count;
      return load;
    };
    const alone = await run(1, ALONE_PART);
    const early = await run(CONNECTIONS, FIRST_PART);
    const before = sizesOf(server);
    const late = await run(CONNECTIONS, 1 - FIRST_PART - ALONE_PART);
    const after = sizesOf(server);
    await server.stop();
    return [
      faultFigure('growth', [alone, early, late]),
      ...describeSizes(
        { ...before, store: storeBefore },
        { ...after, store: storeBytes(volume.directory) },
        done,
      ),
      ...describeWaits('at 1 connection', [alone]),
      ...describeWaits(`at ${CONNECTIONS} connections`, [early, late]),
    ];
  } finally {
    await server.stop();
  }
};

type Sizes = { readonly store: number; readonly log: number; readonly memory: number };

const sizesOf = (server: KeyfobServer): Omit<Sizes, 'store'> => ({
  log: logBytes(server.dataDirectory),
  memory: memoryMb(server).resident,
});

const describeSizes = (before: Sizes, after: Sizes, refreshes: number): readonly Figure[] => {
  const all = `after ${showNumber(refreshes)} refreshes`;
  const growth = (name: keyof Sizes): number => (after[name] / before[name] - 1) * 100;
  const most = { unit: '%', atMost: GROWTH_MOST_PERCENT };
  return [
    { name: 'database file before all refreshes', value: before.store / 1024, unit: 'KiB' },
    { name: `database file ${all}`, value: after.store / 1024, unit: 'KiB' },
    { name: 'growth of the database file', value: growth('store'), ...most },
    { name: 'log after a tenth of them', value: before.log / 1024, unit: 'KiB' },
    { name: 'log after all of them', value: after.log / 1024, unit: 'KiB' },
    { name: 'growth of the log', value: growth('log'), ...most },
    { name: 'resident memory after a tenth of them', value: before.memory, unit: 'MB' },
    { name: 'resident memory after all of them', value: after.memory, unit: 'MB' },
  ];
};

const describeWaits = (where: string, loads: readonly Load[]): readonly Figure[] => {
  const latenciesMs = Float64Array.from(loads.flatMap((load) => [...load.latenciesMs])).sort();
  const longest = (read: (load: Load) => number): number => Math.max(...loads.map(read));
  return [
    { name: `latency ${where}, p50`, value: quantile(latenciesMs, 0.5), unit: 'ms' },
    { name: `latency ${where}, p99`, value: quantile(latenciesMs, 0.99), unit: 'ms' },
    { name: `latency ${where}, p99.9`, value: quantile(latenciesMs, 0.999), unit: 'ms' },
    { name: `latency ${where}, longest`, value: quantile(latenciesMs, 1), unit: 'ms' },
    {
      name: `longest time without any answer ${where}`,
      value: longest((load) => load.longestGapMs),
      unit: 'ms',
    },
    {
      name: `longest stall of this trial itself ${where}`,
      value: longest((load) => load.ownStallMs),
      unit: 'ms',
    },
  ];
};
