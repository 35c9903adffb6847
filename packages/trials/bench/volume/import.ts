import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { STORE_FILE } from '@keyfob/server';
import { makeClient } from '../../support/make-client.ts';
import { saveVolume, openDirectory, openVolume } from './directory.ts';
import type { Volume } from './directory.ts';
import { dialectAt, grantAt, grantIdAt } from './grants.ts';

/** The number of grants in one unsorted batch. */
const BATCH_GRANTS = 10_000;
/**
 * The number of grants in one commit: at most a hundredth of all, because a commit also stores their grant events, and the
 * file keeps the space of deleted events.
 */
const commitSize = (grants: number): number => Math.min(10_000, Math.ceil(grants / 100));
/** The first grants are created in random order, the later ones in sorted batches. */
const UNSORTED_GRANTS = 100_000;
const SORTED_SHARE = 0.02;

export type Imported = { readonly volume: Volume; readonly seconds: number };

/**
 * Fills a new data directory with grants through the store's own `createGrant`. Ids are random. Once there are many
 * grants, each further batch of 2 % is sorted by id before it is created, so that a commit touches fewer pages. Pages are as
 * full as after natural growth, within one percent, and memory use is bounded.
 */
export const importGrants = async (
  directory: string,
  grants: number,
  onProgress: (done: number, total: number) => void,
): Promise<Imported> => {
  if (existsSync(join(directory, STORE_FILE)))
    throw new Error(
      `${directory} holds a store without a complete import; remove it or choose another directory`,
    );
  const nowMs = Date.now();
  const deployment = await openDirectory(directory);
  const [smartcar, pleos] = await Promise.all(
    (['smartcar', 'pleos'] as const).map(async (dialect) => {
      const { client, clientSecret } = await makeClient(deployment, {
        dialect,
        name: 'Charge planner',
      });
      return { clientId: client.id, clientSecret };
    }),
  );
  if (smartcar === undefined || pleos === undefined) throw new Error('no clients were created');
  const clients = { smartcar, pleos };
  const keyNumber = deployment.keyRing.seal.active.number;
  const create = (index: number): Promise<string> => {
    const { clientId } = clients[dialectAt(index)];
    return deployment.store.createGrant(grantAt(index, { clientId, nowMs, keyNumber }));
  };

  const startedAtMs = performance.now();
  for (let done = 0; done < grants;) {
    const batch = batchFrom(done, grants);
    for (let at = 0; at < batch.length; at += commitSize(grants)) {
      const committed = batch.slice(at, at + commitSize(grants));
      const outcomes = await Promise.all(committed.map(create));
      const failed = outcomes.find((outcome) => outcome !== 'created');
      if (failed !== undefined) throw new Error(`a grant was not created: ${failed}`);
      // A real store has already deleted the events of grants this old. They would double the size of the file.
      await deployment.store.dropGrantEvents({ beforeMs: nowMs + 1, limit: committed.length });
      onProgress(done + at + committed.length, grants);
    }
    done += batch.length;
  }
  await deployment.close();
  const seconds = (performance.now() - startedAtMs) / 1000;
  saveVolume(directory, { grants, clients });
  return { volume: await openVolume(directory), seconds };
};

/** The indexes of the next batch, in the order in which their grants are created. */
const batchFrom = (first: number, grants: number): readonly number[] => {
  const isSorted = first >= UNSORTED_GRANTS;
  const count = Math.min(grants - first, isSorted ? Math.floor(first * SORTED_SHARE) : BATCH_GRANTS);
  const indexes = Array.from({ length: count }, (_, offset) => first + offset);
  if (!isSorted) return indexes;
  const ids = new Map(indexes.map((index) => [index, grantIdAt(index)]));
  const idOf = (index: number): bigint => ids.get(index) ?? 0n;
  return indexes.sort((left, right) => (idOf(left) < idOf(right) ? -1 : 1));
};
