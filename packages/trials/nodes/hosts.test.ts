import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { OperatorError } from '@keyfob/server/errors';
import type { Store } from '@keyfob/server/stores';
import { openPostgresStore } from '@keyfob/server/stores/postgres';
import { startCluster } from '../support/postgres/cluster.ts';
import type { Cluster } from '../support/postgres/cluster.ts';
import { addStandby } from '../support/postgres/standby.ts';
import type { Standby } from '../support/postgres/standby.ts';
import { fill, NOW_MS, refreshed, sampleUse, STRICT_POLICY } from '../support/samples.ts';
import { failsAs } from './proxied-store.ts';

/** More than the connections that were open. */
const ATTEMPTS_MAX = 20;
const TITLE = 'an address of several hosts';
const started = await startCluster();
if ('reason' in started) test(TITLE, { skip: started.reason }, () => {});
else describe(TITLE, () => tryHosts(started));

/** The tests run in order: the primary is lost, then its standby too. */
function tryHosts(primary: Cluster): void {
  let standby: Standby;
  let store: Store;
  let url: string;
  let generation = 0;
  const refreshOnce = async (): Promise<void> => {
    const { verdict } = await refreshed(store, sampleUse(generation, { nowMs: NOW_MS + generation }));
    assert.equal(verdict.kind, 'rotate');
    generation++;
  };

  /** A connection whose end is not noticed yet fails in its own way first. */
  const failsWithoutPrimary = async (): Promise<void> => {
    const failures: string[] = [];
    while (!failures.at(-1)?.includes('no host is a primary') && failures.length < ATTEMPTS_MAX) {
      await assert.rejects(store.readGrant(42n), (error: unknown) => {
        assert.ok(failsAs('unavailable')(error));
        return failures.push((error as Error).message) > 0;
      });
    }
    assert.match(failures.at(-1) ?? '', /no host is a primary/);
  };

  before(async () => {
    standby = await addStandby(primary, 'synchronous');
    const hosts = [standby.cluster, primary].map(({ port }) => `127.0.0.1:${port}`);
    url = `postgres://keyfob@${hosts.join(',')}/postgres?target_session_attrs=read-write`;
  });
  after(async () => {
    await store.close();
    await standby.cluster.remove();
    await primary.remove();
  });

  test('The primary is found, although a standby is named first.', async () => {
    store = await openPostgresStore(url);
    await fill(store, STRICT_POLICY);
    await refreshOnce();
  });

  test('After a failover the store goes on at the new primary, and every committed refresh is there.', async () => {
    await primary.kill();
    await failsWithoutPrimary();
    await standby.promote();
    await refreshOnce();
    assert.equal((await store.readGrant(42n))?.generation, 2);
    await refreshOnce();
  });

  test('Without a primary the store is unavailable, and each host is reported with its reason.', async () => {
    await standby.cluster.kill();
    await failsWithoutPrimary();
    await assert.rejects(openPostgresStore(url), (error: unknown) => {
      assert.ok(error instanceof OperatorError);
      assert.equal(error.code, 'store_primary_missing');
      for (const { port } of [primary, standby.cluster])
        assert.match(error.message, new RegExp(`127\\.0\\.0\\.1:${port}: .*ECONNREFUSED`));
      return true;
    });
  });
}
