import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { STORE_FILE } from '@keyfob/server';
import { makeClient } from '../../support/make-client.ts';
import { keepVolume, openDirectory, openVolume } from './directory.ts';
import type { Volume } from './directory.ts';
import { dialectAt, grantAt, grantIdAt } from './grants.ts';

/** Grants that are created before the next ones. */
const RUN_GRANTS = 10_000;
/**
 * Grants whose creation shares one commit: at most a hundredth of all, because a commit also stores their grant events, and the
 * room of these stays in the file.
 */
const commitSize = (grants: number): number => Math.min(10_000, Math.ceil(grants / 100));
/** As many are created in no order at all; from there on by runs. */
const UNSORTED_GRANTS = 100_000;
const RUN_PART = 0.02;

export type Imported = { readonly volume: Volume; readonly seconds: number };

/**
 * Fills a fresh data directory with grants through the store's own `createGrant`. Ids are random, and come in random order
 * but for one thing: once there are many, a fiftieth as many are sorted before they are created, so that a commit stays in
 * a part of the tree. Pages are left as full as growth leaves them, to within one percent, and memory is bounded.
 */
export const importGrants = async (
  directory: string,
  grants: number,
  onProgress: (done: number, total: number) => void,
): Promise<Imported> => {
  if (existsSync(join(directory, STORE_FILE)))
    throw new Error(
      `${directory} holds a store that this did not finish; remove it, or name another directory`,
    );
  const nowMs = Date.now();
  const deployment = await openDirectory(directory);
  const [smartcar, pleos] = await Promise.all(
    (['smartcar', 'pleos'] as const).map(async (dialect) => {
      const { client, clientSecret } = await makeClient(deployment, {
        dialect,
        name: 'Charge planner',
        nowMs,
      });
      return { clientId: client.id, clientSecret };
    }),
  );
  if (smartcar === undefined || pleos === undefined) throw new Error('no clients were made');
  const clients = { smartcar, pleos };
  const keyNumber = deployment.keyRing.newest.number;
  const create = (index: number): Promise<string> => {
    const { clientId } = clients[dialectAt(index)];
    return deployment.store.createGrant(grantAt(index, { clientId, nowMs, keyNumber }));
  };

  const began = performance.now();
  for (let done = 0; done < grants;) {
    const run = runFrom(done, grants);
    for (let at = 0; at < run.length; at += commitSize(grants)) {
      const batch = run.slice(at, at + commitSize(grants));
      const outcomes = await Promise.all(batch.map(create));
      const failed = outcomes.find((outcome) => outcome !== 'created');
      if (failed !== undefined) throw new Error(`a grant was not created: ${failed}`);
      // The events of grants this old are no longer stored; left in place, they would double the size of the file.
      await deployment.store.dropGrantEvents({ beforeMs: nowMs + 1, limit: batch.length });
      onProgress(done + at + batch.length, grants);
    }
    done += run.length;
  }
  await deployment.close();
  const seconds = (performance.now() - began) / 1000;
  keepVolume(directory, { grants, clients });
  return { volume: await openVolume(directory), seconds };
};

/** The indexes that come next, in the order in which their grants are created. */
const runFrom = (first: number, grants: number): readonly number[] => {
  const isSorted = first >= UNSORTED_GRANTS;
  const count = Math.min(grants - first, isSorted ? Math.floor(first * RUN_PART) : RUN_GRANTS);
  const indexes = Array.from({ length: count }, (_, offset) => first + offset);
  if (!isSorted) return indexes;
  const ids = new Map(indexes.map((index) => [index, grantIdAt(index)]));
  const idOf = (index: number): bigint => ids.get(index) ?? 0n;
  return indexes.sort((left, right) => (idOf(left) < idOf(right) ? -1 : 1));
};
