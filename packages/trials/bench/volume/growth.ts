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

const GROWTH_MAX_PERCENT = 5;
const CONNECTIONS = 64;
/** The share of the refreshes on a single connection. */
const SINGLE_SHARE = 0.02;
/** The share of the refreshes after which the log has its final size. A few thousand refreshes are too few. */
const WARMUP_SHARE = 0.1;

/** Measures how much the store's files and the memory grow, and the longest wait of a client. */
export const measureGrowth = async (
  volume: Volume,
  { refreshes, onProgress }: GrowthOptions,
): Promise<readonly Figure[]> => {
  const storeBefore = storeBytes(volume.directory);
  const server = await startKeyfob({ dataDirectory: volume.directory });
  try {
    let done = 0;
    const run = async (connections: number, share: number): Promise<Load> => {
      const before = done;
      const report = (current: number): void => onProgress(before + current, refreshes);
      const count = Math.max(1, Math.round(refreshes * share));
      const load = await refreshMany(volume, server.url, {
        connections,
        refreshes: count,
        onProgress: report,
      });
      done += count;
      return load;
    };
    const single = await run(1, SINGLE_SHARE);
    const early = await run(CONNECTIONS, WARMUP_SHARE);
    const before = sizesOf(server);
    const late = await run(CONNECTIONS, 1 - WARMUP_SHARE - SINGLE_SHARE);
    const after = sizesOf(server);
    await server.stop();
    return [
      faultFigure('growth', [single, early, late]),
      ...describeSizes(
        { ...before, store: storeBefore },
        { ...after, store: storeBytes(volume.directory) },
        done,
      ),
      ...describeWaits('at 1 connection', [single]),
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
  const target = { unit: '%', atMost: GROWTH_MAX_PERCENT };
  return [
    { name: 'database file before all refreshes', value: before.store / 1024, unit: 'KiB' },
    { name: `database file ${all}`, value: after.store / 1024, unit: 'KiB' },
    { name: 'growth of the database file', value: growth('store'), ...target },
    { name: 'log after a tenth of the refreshes', value: before.log / 1024, unit: 'KiB' },
    { name: 'log after all refreshes', value: after.log / 1024, unit: 'KiB' },
    { name: 'growth of the log', value: growth('log'), ...target },
    { name: 'resident memory after a tenth of the refreshes', value: before.memory, unit: 'MB' },
    { name: 'resident memory after all refreshes', value: after.memory, unit: 'MB' },
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
      name: `longest stall of the load generator ${where}`,
      value: longest((load) => load.ownStallMs),
      unit: 'ms',
    },
  ];
};
