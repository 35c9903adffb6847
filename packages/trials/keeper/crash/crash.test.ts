import assert from 'node:assert/strict';
import { after, describe, it, test } from 'node:test';
import { runCrashCase } from './crash-case.ts';
import { CELL_COUNT, caseOf } from './matrix.ts';
import { openPostgresPlaces, openSqlitePlaces } from './place.ts';
import type { Places, StoreName } from './place.ts';

/** Every third cell: all kinds of providers, and over all kinds every step. `npm run nightly` has all of them, many times. */
const SEEDS = Array.from({ length: CELL_COUNT / 3 }, (_, index) => index * 3);

const describeCrashes = (store: StoreName, places: Places, seeds: readonly number[], concurrency: number) =>
  void describe(`a keeper that is killed, on ${store}`, { concurrency }, () => {
    after(() => places.close());
    for (const seed of seeds) {
      const one = caseOf(seed, store, places.missing);
      const { kind, at, second, fault, failure, signal } = one;
      it(`seed ${seed}: ${kind}, ${at}, ${second}, ${signal}, ${fault}, ${failure}`, async () => {
        const { faults } = await runCrashCase(one, places);
        assert.deepEqual(faults, []);
      });
    }
  });

describeCrashes('sqlite', openSqlitePlaces(), SEEDS, 6);

const postgres = await openPostgresPlaces();
if ('reason' in postgres) test('a keeper that is killed, on postgres', { skip: postgres.reason }, () => {});
else
  describeCrashes(
    'postgres',
    postgres,
    SEEDS.filter((seed) => seed % 2 === 0),
    1,
  );
