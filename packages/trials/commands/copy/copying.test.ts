import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { StoreError } from '@keyfob/server/errors';
import { resumeSource } from '@keyfob/server/stores';
import type { CopyEndpoint } from '@keyfob/server/stores';
import { CREATED_AT_MS, redeemed, refreshed, sampleClient, sampleCodeUse } from '../../support/samples.ts';
import { sampleGrant, sampleUse, sampleVehicle } from '../../support/samples.ts';
import { fillWithAll, readAll } from '../../support/filled-store.ts';
import { copy, copyBetween, isOperatorError, prepareStorePairs, withStore } from './store-pairs.ts';

for (const { way, makeFrom, makeTo, skip } of await prepareStorePairs()) {
  describe(`a copy from ${way}`, { skip }, () => {
    test('copies the whole content of a store, and the new store continues from there.', async () => {
      const [from, to, back] = [await makeFrom(), await makeTo(), await makeFrom()];
      await withStore(from, (store) => fillWithAll(store));
      const before = await withStore(from, readAll);
      const copied = await copy(from, to);
      assert.equal(copied.outcome, 'moved');
      assert.equal(copied.changedInLastPass, 0, 'nothing changed during the last pass');
      assert.deepEqual(await withStore(to, readAll), before);
      assert.equal((await copy(to, back)).changedInLastPass, 0);
      assert.deepEqual(await withStore(back, readAll), before);
      await withStore(back, async (store) => {
        const { grant } = await redeemed(
          store,
          sampleCodeUse({ presented: { grantId: 9n, brand: 'genesis' } }),
        );
        assert.equal(grant?.brand, 'genesis');
        assert.deepEqual(await store.listVehicles(9n), [sampleVehicle(4)]);
        const grantEvents = await store.listGrantEvents({ after: 0, limit: 1000 });
        assert.equal(grantEvents.at(-1)?.grantId, 9n, 'later grant events come after the copied ones');
        await store.reinstate(-(2n ** 63n), { nowMs: CREATED_AT_MS + 200_000 });
        const next = await refreshed(store, sampleUse(0, { presented: { grantId: -(2n ** 63n) } }));
        assert.equal(next.grant?.generation, 1);
      });
    });

    test('makes servers on the old store refuse every request until the move is cancelled.', async () => {
      const [from, to] = [await makeFrom(), await makeTo()];
      await withStore(from, async (running) => {
        await fillWithAll(running, 3);
        await copy(from, to);
        const verbs = [
          async () => running.refresh(sampleUse(46)),
          () => running.readGrant(42n),
          async () => running.readClient('client-b'),
          () => running.listGrantEvents({ after: 0, limit: 1 }),
          () => running.redeemCode(sampleCodeUse({ presented: { grantId: 9n } })),
          () => running.revoke(42n, { nowMs: CREATED_AT_MS, cause: 'operator' }),
          () => running.createGrant(sampleGrant({ id: 77n })),
        ];
        for (const verb of verbs)
          await assert.rejects(verb, (error) => error instanceof StoreError && error.kind === 'unavailable');
        await assert.rejects(from.openStore(), isOperatorError('store_moved'));
        assert.equal((await copy(from, to)).outcome, 'moved_before');
        const source = await from.openEndpoint('source');
        await resumeSource(source);
        await assert.rejects(resumeSource(source), isOperatorError('store_not_moved'));
        await source.close();
        assert.equal((await running.readGrant(42n))?.generation, 46);
        assert.equal(await running.revoke(7n, { nowMs: CREATED_AT_MS, cause: 'operator' }), 'revoked');
        assert.equal((await running.readClient('client-a')).client?.secrets.length, 2);
      });
    });

    test('that was prepared gets all later changes, including removals and revocations.', async () => {
      const [from, to] = [await makeFrom(), await makeTo()];
      await withStore(from, async (running) => {
        await fillWithAll(running);
        await running.createClient(sampleClient({ id: 'client-c' }));
        await running.createGrant(sampleGrant({ id: 300n, clientId: 'client-c' }));
        assert.equal((await copy(from, to, false)).outcome, 'prepared');
        await assert.rejects(to.openStore(), isOperatorError('store_copying'));
        await running.revoke(1000n, { nowMs: CREATED_AT_MS + 9000, cause: 'operator' });
        await running.reinstate(-(2n ** 63n), { nowMs: CREATED_AT_MS + 9000 });
        await running.removeClient('client-c', { withGrants: true });
        await running.createClient(sampleClient({ id: 'client-d' }));
        await running.createGrant(sampleGrant({ id: 301n, clientId: 'client-d' }));
        await running.removeSecret('client-a', 'one');
        await running.selectVehicles(7n, [sampleVehicle(5)], { nowMs: 1, requestId: undefined });
        await running.disconnectVehicles(7n, 'all', { nowMs: 1, requestId: undefined, endsWhenEmpty: true });
        await running.dropGrantEvents({ beforeMs: 10, limit: 100 });
        await running.removeWebhook('hook');
        const before = await readAll(running);
        const copied = await copy(from, to);
        assert.ok(copied.passes >= 2);
        assert.deepEqual(await withStore(to, readAll), before);
      });
    });

    test('is refused if the target is not empty or is the target of another copy.', async () => {
      const [from, other, to] = [await makeFrom(), await makeFrom(), await makeTo()];
      await withStore(from, (store) => fillWithAll(store, 3));
      await withStore(other, async (store) => void (await store.createClient(sampleClient())));
      await withStore(to, async (store) => void (await store.createClient(sampleClient())));
      await assert.rejects(copy(from, to), isOperatorError('copy_target_not_empty'));
      const fresh = await makeTo();
      await copy(from, fresh, false);
      await assert.rejects(copy(other, fresh), isOperatorError('store_copying'));
      await assert.rejects(copy(fresh, other), isOperatorError('store_copying'));
      await withStore(from, async (store) => assert.ok(await store.readGrant(42n)));
    });

    test('continues after an interruption at any step.', async () => {
      const [from, to] = [await makeFrom(), await makeTo()];
      await withStore(from, (store) => fillWithAll(store));
      const before = await withStore(from, readAll);
      let outcome: string | undefined;
      let interruptions = 0;
      for (let calls = 1; outcome === undefined; calls++) {
        const ends = [await from.openEndpoint('source'), await to.openEndpoint('target')] as const;
        try {
          const left = { calls, isBefore: calls % 2 === 0 };
          ({ outcome } = await copyBetween(failing(ends[0], left), failing(ends[1], left), true));
        } catch (error) {
          assert.equal((error as Error).message, 'interrupted');
          interruptions++;
        }
      }
      assert.ok(interruptions > 20);
      assert.deepEqual(await withStore(to, readAll), before);
      await assert.rejects(from.openStore(), isOperatorError('store_moved'));
    });

    test('that another copy has overtaken and finished does not write to a store that already serves.', async () => {
      const [from, to] = [await makeFrom(), await makeTo()];
      await withStore(from, (store) => fillWithAll(store, 3));
      const [slow, target] = [await from.openEndpoint('source'), await to.openEndpoint('target')];
      let whole: unknown;
      const stopped = {
        ...slow,
        async moveTo(destination: string): Promise<void> {
          await slow.moveTo(destination);
          assert.equal((await copy(from, to)).outcome, 'moved');
          await withStore(to, async (store) => {
            await store.createGrant(sampleGrant({ id: 77n }));
            await store.createClient(sampleClient({ id: 'client-new' }));
            await refreshed(store, sampleUse(46, { presented: { grantId: 42n } }));
            whole = await readAll(store);
          });
        },
      };
      await assert.rejects(copyBetween(stopped, target, true), isOperatorError('copy_overtaken'));
      assert.deepEqual(await withStore(to, readAll), whole);
    });

    test('reports a target that differs from the source.', async () => {
      const [from, to] = [await makeFrom(), await makeTo()];
      await withStore(from, (store) => fillWithAll(store, 3));
      const target = await to.openEndpoint('target');
      const incomplete = {
        ...target,
        write: async (...[part, change]: Parameters<CopyEndpoint['write']>) =>
          target.write(part, { ...change, rows: change.rows.slice(1) }),
      };
      await assert.rejects(
        copyBetween(await from.openEndpoint('source'), incomplete, true),
        isOperatorError('copy_differs'),
      );
      await withStore(from, async (store) =>
        assert.ok(await store.readGrant(42n), 'the source was not stopped'),
      );
      assert.equal((await copy(from, to)).outcome, 'moved', 'the next run repairs the target');
    });
  });
}

/** An endpoint that fails permanently after this number of calls of both endpoints, before or after the last call. */
function failing(end: CopyEndpoint, left: { calls: number; readonly isBefore: boolean }): CopyEndpoint {
  const wrap =
    <Words extends readonly unknown[], Result>(verb: (...words: Words) => Promise<Result>) =>
    async (...words: Words): Promise<Result> => {
      const isLast = --left.calls === 0;
      if (left.calls < 0 || (isLast && left.isBefore)) throw new Error('interrupted');
      const result = await verb(...words);
      if (isLast) throw new Error('interrupted');
      return result;
    };
  return {
    name: end.name,
    readMoveState: wrap(end.readMoveState),
    isEmpty: wrap(end.isEmpty),
    beginFrom: wrap(end.beginFrom),
    finish: wrap(end.finish),
    moveTo: wrap(end.moveTo),
    moveBack: wrap(end.moveBack),
    read: wrap(end.read),
    readRows: wrap(end.readRows),
    list: wrap(end.list),
    write: wrap(end.write),
    writeListed: wrap(end.writeListed),
    count: wrap(end.count),
    close: end.close,
  };
}
