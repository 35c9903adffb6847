import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { StoreError } from '@keyfob/server/errors';
import type { ImportedGrant } from '@keyfob/server/grants';
import { resumeSource } from '@keyfob/server/stores';
import type { CopyEndpoint, Store } from '@keyfob/server/stores';
import { CREATED_AT_MS, NOW_MS, OVERLAP_POLICY, refreshed, sampleClient } from '../../support/samples.ts';
import { sampleGrant, STRICT_POLICY } from '../../support/samples.ts';
import {
  digestOf,
  fillWithAll,
  IMPORTED_EXPIRES_AT_MS,
  importedGrant,
  readAll,
  useOf,
} from '../../support/filled-store.ts';
import type { Imported } from '../../support/filled-store.ts';
import { copy, copyBetween, prepareStorePairs, withStore } from './store-pairs.ts';

const isFound = async (store: Store, name: Imported): Promise<boolean> =>
  (await store.findImported([importedGrant(name).digest]))[0]?.id === importedGrant(name).grant.id;

const isUnavailable = (error: unknown) => error instanceof StoreError && error.kind === 'unavailable';

/** An imported grant of a filled store with the token of another grant, for another client. */
const reassigned = (token: Imported, id: Imported): ImportedGrant => {
  const grant = { ...importedGrant(id).grant, clientId: 'client-j' };
  return { ...importedGrant(token), grant, expiresAtMs: CREATED_AT_MS + 7000 };
};

for (const { way, makeFrom, makeTo, skip } of await prepareStorePairs()) {
  describe(`a copy of imported tokens from ${way}`, { skip }, () => {
    test('treats each token as before: exchanged, repeated, replayed, revoked, imported again, pruned.', async () => {
      const [from, to, back] = [await makeFrom(), await makeTo(), await makeFrom()];
      await withStore(from, (store) => fillWithAll(store, 3));
      const copied = await copy(from, to);
      assert.equal(copied.rows['imported_tokens'], 5);
      await withStore(to, async (store) => {
        const names = ['unused', 'used', 'replayed', 'revoked', 'expired'] as const;
        const again = await store.importGrants(names.map(importedGrant), { nowMs: NOW_MS });
        assert.deepEqual(new Set(again), new Set(['there_already']));
        const raced = await refreshed(store, useOf('used', { nowMs: NOW_MS + 5000 }));
        assert.equal(raced.verdict.kind, 'repeat', 'the digest identifies the use');
        await store.changeClient('client-i', { policy: OVERLAP_POLICY });
        const repeated = await refreshed(store, useOf('used', { nowMs: NOW_MS + 59_000 }));
        assert.deepEqual([repeated.verdict.kind, repeated.grant?.generation], ['repeat', 1]);
        for (const name of ['replayed', 'revoked'] as const)
          assert.deepEqual((await refreshed(store, useOf(name))).verdict, {
            kind: 'refuse',
            reason: 'revoked',
          });
        await store.changeClient('client-i', { policy: STRICT_POLICY });
      });
      assert.equal((await copy(to, back)).rows['imported_tokens'], 5);
      await withStore(back, async (store) => {
        const first = await refreshed(store, useOf('unused'));
        assert.deepEqual([first.verdict.kind, first.grant?.generation], ['rotate', 1]);
        const replay = useOf('used', { nowMs: NOW_MS + 61_000 }, { useDigest: Uint8Array.of(8) });
        assert.equal((await refreshed(store, replay)).verdict.kind, 'replay');
        await store.prune({ limit: 100, endedBeforeMs: CREATED_AT_MS + 2000 });
        assert.deepEqual([await isFound(store, 'expired'), await isFound(store, 'used')], [false, true]);
        await store.prune({ limit: 100, endedBeforeMs: IMPORTED_EXPIRES_AT_MS });
        assert.ok(await isFound(store, 'unused'), 'its grant still exists, and the token has not expired');
        await store.prune({ limit: 100, endedBeforeMs: IMPORTED_EXPIRES_AT_MS + 1000 });
        assert.equal(await isFound(store, 'unused'), false);
      });
    });

    test('marks only the clients with imported tokens, including tokens imported between two passes.', async () => {
      const [from, to] = [await makeFrom(), await makeTo()];
      await withStore(from, async (running) => {
        await fillWithAll(running, 3);
        await copy(from, to, false);
        const late = { ...importedGrant('unused'), digest: digestOf('late'), vehicles: [] };
        await running.importGrants([{ ...late, grant: { ...late.grant, id: 3000n, clientId: 'client-a' } }], {
          nowMs: NOW_MS,
        });
        await copy(from, to);
      });
      await withStore(to, async (store) => {
        const clients = (await store.listClients()).map(({ id, hasImportedTokens }) => [
          id,
          hasImportedTokens,
        ]);
        const marks = { 'client-a': true, 'client-b': undefined, 'client-i': true, 'client-w': undefined };
        assert.deepEqual(Object.fromEntries(clients), marks);
      });
    });

    test('includes every import, use, pruning and removal during the copy.', async () => {
      const [from, to] = [await makeFrom(), await makeTo()];
      await withStore(from, async (running) => {
        await fillWithAll(running, 3);
        const activity = createActivity(running);
        await activity.begin();
        let expected: unknown;
        const readExpected = async (): Promise<void> =>
          void (expected = await readAll(running, activity.digests));
        const source = watch(await from.openEndpoint('source'), activity.step, readExpected);
        const copied = await copyBetween(source, await to.openEndpoint('target'), true);
        assert.equal(copied.outcome, 'moved');
        assert.ok(activity.digests.length > 30);
        assert.deepEqual(await withStore(to, (store) => readAll(store, activity.digests)), expected);
      });
    });

    test('includes tokens that were imported for another client after their first client was removed, just before the switch.', async () => {
      const [from, to] = [await makeFrom(), await makeTo()];
      await withStore(from, async (running) => {
        await fillWithAll(running, 3);
        let expected: unknown;
        const source = watch(
          await from.openEndpoint('source'),
          async () => {},
          async () => {
            await running.removeClient('client-i', { withGrants: true });
            await running.createClient(sampleClient({ id: 'client-j' }));
            // One unchanged grant, one with the token of another grant, and one with an unknown token.
            const unknownToken = { ...reassigned('expired', 'expired'), digest: digestOf('unknown') };
            const late = [reassigned('unused', 'unused'), reassigned('used', 'revoked'), unknownToken];
            assert.deepEqual(
              new Set(await running.importGrants(late, { nowMs: NOW_MS })),
              new Set(['imported']),
            );
            expected = await readAll(running);
          },
        );
        await copyBetween(source, await to.openEndpoint('target'), true);
        await withStore(to, async (store) => {
          assert.deepEqual(await readAll(store), expected);
          await store.prune({ limit: 100, endedBeforeMs: CREATED_AT_MS + 8000 });
          assert.equal(await isFound(store, 'unused'), false, 'it expires at the time of the later row');
        });
      });
    });

    test('stops an import into the old store between batches, and the import can continue at the new store.', async () => {
      const [from, to] = [await makeFrom(), await makeTo()];
      await withStore(from, async (running) => {
        await fillWithAll(running, 3);
        await running.importGrants(batch(0), { nowMs: NOW_MS });
        await copy(from, to);
        await assert.rejects(running.importGrants(batch(10), { nowMs: NOW_MS }), isUnavailable);
        await assert.rejects(running.findImported([importedGrant('unused').digest]), isUnavailable);
        await withStore(to, async (store) => {
          const outcomes = await store.importGrants(batch(10), { nowMs: NOW_MS });
          const [before, after] = [
            Array<string>(10).fill('there_already'),
            Array<string>(10).fill('imported'),
          ];
          assert.deepEqual(outcomes, [...before, ...after]);
        });
        const source = await from.openEndpoint('source');
        await resumeSource(source);
        await source.close();
        assert.ok(
          await isFound(running, 'unused'),
          'after the move is cancelled, the old store has its old content',
        );
        assert.equal(
          (await running.importGrants(batch(10), { nowMs: NOW_MS })).filter((one) => one === 'imported')
            .length,
          10,
        );
      });
    });
  });
}

const lateGrant = (index: number, clientId: string): ImportedGrant => {
  const digest = digestOf(`late ${index}`);
  const id = Buffer.from(digest).readBigInt64BE();
  const grant = sampleGrant({ id, clientId, subject: `late-${index}`, rotatedAtMs: [NOW_MS - 1000] });
  return { grant, digest, expiresAtMs: CREATED_AT_MS + (86_400 + index) * 1000, vehicles: [] };
};

const batch = (first: number): ImportedGrant[] =>
  Array.from({ length: 20 }, (_, index) => lateGrant(first + index, 'client-i'));

const idOf = (index: number): bigint => lateGrant(index, '').grant.id;

/** Activity in a store during a copy: each step imports some tokens and uses, prunes or removes older ones. */
const createActivity = (store: Store) => {
  const digests: Uint8Array[] = [];
  let steps = 0;
  const add = async (clientId: string): Promise<void> => {
    const late = lateGrant(digests.length, clientId);
    digests.push(late.digest);
    await store.importGrants([late], { nowMs: NOW_MS });
  };
  return {
    digests,
    async begin(): Promise<void> {
      for (let index = 0; index < 12; index++) await add('client-i');
    },
    async step(): Promise<void> {
      const step = steps++;
      const clientId = `client-${Math.floor(step / 4)}`;
      if (step % 4 === 0) await store.createClient(sampleClient({ id: clientId }));
      await add('client-i');
      await add(clientId);
      const presented = { grantId: idOf(step), clientId: 'client-i' };
      if (step % 3 === 0) await store.refresh(useOf('used', {}, presented));
      if (step % 3 === 1)
        await store.prune({ limit: 1000, endedBeforeMs: CREATED_AT_MS + (86_400 + step) * 1000 });
      if (step % 3 === 2) await store.removeClient(`client-${Math.floor(step / 8)}`, { withGrants: true });
    },
  };
};

/** A source with activity before and after every read, and just before it is stopped. */
const watch = (
  end: CopyEndpoint,
  step: () => Promise<void>,
  beforeMove: () => Promise<void>,
): CopyEndpoint => {
  let isStopped = false;
  const around =
    <Words extends readonly unknown[], Result>(verb: (...words: Words) => Promise<Result>) =>
    async (...words: Words): Promise<Result> => {
      if (!isStopped) await step();
      const result = await verb(...words);
      if (!isStopped) await step();
      return result;
    };
  return {
    ...end,
    read: around(end.read),
    readRows: around(end.readRows),
    list: around(end.list),
    async moveTo(destination) {
      await beforeMove();
      isStopped = true;
      await end.moveTo(destination);
    },
  };
};
