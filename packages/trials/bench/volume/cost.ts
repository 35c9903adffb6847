import { startKeyfob } from '../../support/keyfob-process.ts';
import type { KeyfobServer } from '../../support/keyfob-process.ts';
import type { Volume } from './directory.ts';
import { faultFigure, median, quantile } from './figure.ts';
import type { Figure } from './figure.ts';
import { refreshMany } from './load.ts';
import type { Load } from './load.ts';
import { cpuSeconds } from './process.ts';

export type CostOptions = {
  readonly rounds: number;
  /** The refreshes per round, store and number of connections. */
  readonly refreshes: number;
  readonly onProgress: (done: number, total: number) => void;
};

const RATIO_MAX = 1.5;
const CONNECTIONS = [64, 1] as const;

type Serving = { readonly volume: Volume; readonly server: KeyfobServer };
type Cost = { readonly cpuMicroseconds: number; readonly medianMs: number };

/** Compares the cost of a refresh in a large store and in a small one, in alternating rounds. */
export const measureCost = async (
  many: Volume,
  few: Volume,
  { rounds, refreshes, onProgress }: CostOptions,
): Promise<readonly Figure[]> => {
  const serving = await Promise.all([few, many].map(serve));
  const loads: Load[] = [];
  const costs = serving.map(() => CONNECTIONS.map((): Cost[] => []));
  try {
    // The first round warms up the compiler and the caches.
    for (let round = 0; round <= rounds; round++) {
      for (const [store, one] of serving.entries()) {
        for (const [at, connections] of CONNECTIONS.entries()) {
          const before = cpuSeconds(one.server);
          const load = await refreshMany(one.volume, one.server.url, { connections, refreshes });
          loads.push(load);
          const cpuMicroseconds = ((cpuSeconds(one.server) - before) * 1e6) / refreshes;
          if (round > 0)
            costs[store]?.[at]?.push({ cpuMicroseconds, medianMs: quantile(load.latenciesMs, 0.5) });
        }
      }
      onProgress(round, rounds);
    }
  } finally {
    await Promise.all(serving.map(({ server }) => server.stop()));
  }
  const [ofFew = [], ofMany = []] = costs;
  return [
    faultFigure('cost', loads),
    ...CONNECTIONS.flatMap((connections, at) => compare(connections, ofFew[at] ?? [], ofMany[at] ?? [])),
  ];
};

const serve = async (volume: Volume): Promise<Serving> => ({
  volume,
  server: await startKeyfob({ dataDirectory: volume.directory }),
});

/** Computes ratios within each round, so that other work on the machine affects both sides alike. */
const compare = (connections: number, few: readonly Cost[], many: readonly Cost[]): readonly Figure[] => {
  const where = connections === 1 ? 'at 1 connection' : `at ${connections} connections`;
  const ratioOf = (read: (cost: Cost) => number): number =>
    median(few.flatMap((cost, round) => (many[round] === undefined ? [] : [read(many[round]) / read(cost)])));
  const cpu = ({ cpuMicroseconds }: Cost): number => cpuMicroseconds;
  const latency = ({ medianMs }: Cost): number => medianMs;
  return [
    { name: `CPU time of a refresh ${where}, few grants`, value: median(few.map(cpu)), unit: 'µs' },
    { name: `CPU time of a refresh ${where}, many grants`, value: median(many.map(cpu)), unit: 'µs' },
    { name: `CPU time ${where}, many : few`, value: ratioOf(cpu), unit: ': 1', atMost: RATIO_MAX },
    { name: `median latency ${where}, few grants`, value: median(few.map(latency)), unit: 'ms' },
    { name: `median latency ${where}, many grants`, value: median(many.map(latency)), unit: 'ms' },
    { name: `median latency ${where}, many : few`, value: ratioOf(latency), unit: ': 1', atMost: RATIO_MAX },
  ];
};
