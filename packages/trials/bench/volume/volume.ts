import { createReadStream } from 'node:fs';
import { join } from 'node:path';
import { STORE_FILE } from '@keyfob/server';
import { openSqliteStore } from '@keyfob/server/stores';
import { removeDataDirectory } from '../../support/keyfob-process.ts';
import { measureCommit } from './commit.ts';
import { measureCost } from './cost.ts';
import { hasVolume, makeScratchDirectory, openVolume, storeBytes } from './directory.ts';
import type { Volume } from './directory.ts';
import { showNumber } from './figure.ts';
import type { Figure } from './figure.ts';
import { measureGrowth } from './growth.ts';
import { importGrants } from './import.ts';
import { measureMemory } from './memory.ts';
import { measureStart } from './start.ts';

/** The parts of the measurement. Each can be skipped. The first four need the large store. */
export const PARTS = ['import', 'start', 'memory', 'cost', 'growth', 'commit'] as const;
export type Part = (typeof PARTS)[number];

/** The parts to measure, and their sizes. */
export type Plan = {
  readonly parts: ReadonlySet<Part>;
  readonly grants: number;
  /** The number of grants in the small store, which is compared with the large one and gets most refreshes. */
  readonly fewGrants: number;
  /** Keeps the large store for a later run; `undefined` for a temporary directory. */
  readonly directory: string | undefined;
  readonly starts: number;
  readonly memoryRefreshes: number;
  readonly costRounds: number;
  readonly costRefreshes: number;
  readonly growthRefreshes: number;
  readonly commitRounds: number;
  onProgress(part: Part, done: number, total: number): void;
};

const BYTES_PER_GRANT_MAX = 230;
const CONNECTIONS = 64;

/** Measures the planned parts, one after another. */
export async function* measureVolume(plan: Plan): AsyncGenerator<Figure> {
  const { parts } = plan;
  const directory = plan.directory ?? makeScratchDirectory();
  try {
    if (PARTS.slice(0, 4).some((part) => parts.has(part))) yield* measureLargeStore(plan, directory);
  } finally {
    if (plan.directory === undefined) removeDataDirectory(directory);
  }
  if (parts.has('growth')) {
    yield* await onFewGrants(plan, (few) =>
      measureGrowth(few, { refreshes: plan.growthRefreshes, onProgress: progressOf(plan, 'growth') }),
    );
  }
  if (parts.has('commit')) yield* await onFewGrants(plan, (few) => measureCommit(few, plan.commitRounds));
}

async function* measureLargeStore(plan: Plan, directory: string): AsyncGenerator<Figure> {
  const { parts } = plan;
  const { volume, figures } = await prepareVolume(plan, directory);
  if (parts.has('import')) {
    yield* figures;
    const value = (storeBytes(directory) - (await emptyStoreBytes())) / volume.grants;
    yield {
      name: `disk per grant, of ${showNumber(volume.grants)}`,
      value,
      unit: 'bytes',
      atMost: BYTES_PER_GRANT_MAX,
    };
  }
  if (parts.has('start')) yield* await measureStart(volume, plan.starts);
  if (parts.has('memory')) {
    const load = { connections: CONNECTIONS, refreshes: plan.memoryRefreshes };
    yield* await measureMemory(volume, { ...load, onProgress: progressOf(plan, 'memory') });
  }
  if (parts.has('cost')) {
    const { costRounds: rounds, costRefreshes: refreshes } = plan;
    const options = { rounds, refreshes, onProgress: progressOf(plan, 'cost') };
    yield* await onFewGrants(plan, (few) => measureCost(volume, few, options));
  }
}

/** What a store without grants takes: the same for few grants and for many. */
const emptyStoreBytes = async (): Promise<number> => {
  const directory = makeScratchDirectory();
  try {
    await openSqliteStore(join(directory, STORE_FILE)).close();
    return storeBytes(directory);
  } finally {
    removeDataDirectory(directory);
  }
};

/** Imports the grants, or reuses those of an earlier run. */
const prepareVolume = async (
  plan: Plan,
  directory: string,
): Promise<{ readonly volume: Volume; readonly figures: readonly Figure[] }> => {
  if (hasVolume(directory)) {
    const volume = await openVolume(directory);
    if (volume.grants !== plan.grants) throw new Error(`${directory} holds ${volume.grants} grants`);
    await warmPageCache(join(directory, STORE_FILE));
    return { volume, figures: [] };
  }
  const { volume, seconds } = await importGrants(directory, plan.grants, progressOf(plan, 'import'));
  const figures = [
    { name: `import of ${showNumber(plan.grants)} grants`, value: seconds, unit: 's' },
    { name: 'grants imported', value: plan.grants / seconds, unit: 'per second' },
  ];
  return { volume, figures };
};

/** Loads a file into the page cache, where the file of a long-running server is. */
const warmPageCache = async (path: string): Promise<void> => {
  for await (const _chunk of createReadStream(path, { highWaterMark: 1024 * 1024 }));
};

const onFewGrants = async (
  { fewGrants }: Plan,
  measure: (few: Volume) => Promise<readonly Figure[]>,
): Promise<readonly Figure[]> => {
  const directory = makeScratchDirectory();
  try {
    const { volume } = await importGrants(directory, fewGrants, () => {});
    return await measure(volume);
  } finally {
    removeDataDirectory(directory);
  }
};

const progressOf =
  ({ onProgress }: Plan, part: Part) =>
  (done: number, total: number): void =>
    onProgress(part, done, total);
