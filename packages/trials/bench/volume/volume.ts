import { createReadStream } from 'node:fs';
import { join } from 'node:path';
import { STORE_FILE } from '@keyfob/server';
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

/** What is measured, each of which can be left out. The first four need a store with all the grants. */
export const PARTS = ['import', 'start', 'memory', 'cost', 'growth', 'commit'] as const;
export type Part = (typeof PARTS)[number];

/** What is measured and how much of it. */
export type Plan = {
  readonly parts: ReadonlySet<Part>;
  readonly grants: number;
  /** Of the store that the large one is compared with, and that most refreshes are made on. */
  readonly fewGrants: number;
  /** Where the large store is kept, and found again; `undefined` for a directory that goes at the end. */
  readonly directory: string | undefined;
  readonly starts: number;
  readonly memoryRefreshes: number;
  readonly costRounds: number;
  readonly costRefreshes: number;
  readonly growthRefreshes: number;
  readonly commitRounds: number;
  onProgress(part: Part, done: number, total: number): void;
};

const BYTES_A_GRANT_MOST = 200;
const CONNECTIONS = 64;

/** Measures what is planned, one part after the other. */
export async function* measureVolume(plan: Plan): AsyncGenerator<Figure> {
  const { parts } = plan;
  const directory = plan.directory ?? makeScratchDirectory();
  try {
    if (PARTS.slice(0, 4).some((part) => parts.has(part))) yield* measureMany(plan, directory);
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

async function* measureMany(plan: Plan, directory: string): AsyncGenerator<Figure> {
  const { parts } = plan;
  const { volume, figures } = await prepareVolume(plan, directory);
  if (parts.has('import')) {
    yield* figures;
    const value = storeBytes(directory) / volume.grants;
    yield {
      name: `disk a grant, of ${showNumber(volume.grants)}`,
      value,
      unit: 'bytes',
      atMost: BYTES_A_GRANT_MOST,
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

/** Imports the grants, or finds them where an earlier run has left them. */
const prepareVolume = async (
  plan: Plan,
  directory: string,
): Promise<{ readonly volume: Volume; readonly figures: readonly Figure[] }> => {
  if (hasVolume(directory)) {
    const volume = await openVolume(directory);
    if (volume.grants !== plan.grants) throw new Error(`${directory} holds ${volume.grants} grants`);
    await readOnce(join(directory, STORE_FILE));
    return { volume, figures: [] };
  }
  const { volume, seconds } = await importGrants(directory, plan.grants, progressOf(plan, 'import'));
  const figures = [
    { name: `import of ${showNumber(plan.grants)} grants`, value: seconds, unit: 's' },
    { name: 'grants imported', value: plan.grants / seconds, unit: 'a second' },
  ];
  return { volume, figures };
};

/** Brings a file into the system's memory, where that of a server that has been running for a while is. */
const readOnce = async (path: string): Promise<void> => {
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
