import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { startCluster } from '../../support/postgres/cluster.ts';
import { openCommandWorld } from './command-world.ts';

const cluster = await startCluster();

type Answer = {
  readonly findings: readonly {
    readonly check: string;
    readonly verdict: string;
    readonly finding: string;
  }[];
};

if ('reason' in cluster) test('commands on PostgreSQL', { skip: cluster.reason }, () => {});
else {
  after(() => cluster.remove());
  test('the same commands work on PostgreSQL, and doctor looks at its durability and its replicas', async (scope) => {
    const { run, consent, directory } = await openCommandWorld(scope);
    const store = { KEEPER_STORE: cluster.url(), KEEPER_DIRECTORY: join(directory, 'beside') };
    const put = await run(['put', 'vin:1', '--client', 'sc'], await consent('smartcar'), store);
    assert.equal(put.out, 'vin:1: kept\n', put.errors);
    assert.equal((await run(['token', 'vin:1'], '', store)).code, 0);
    assert.match((await run(['forecast', '--days', '61'], '', store)).out, /the busiest day is/);
    assert.match((await run(['watch', '--times', '1'], '', store)).out, /1 of 1/);
    assert.match((await run(['events'], '', store)).out, /no events yet/);
    const doctor = await run(['doctor', '--json'], '', store);
    const { findings } = JSON.parse(doctor.out) as Answer;
    for (const check of ['store', 'durability', 'failover', 'copies', 'key'])
      assert.ok(
        findings.some((one) => one.check === check),
        check,
      );
    const durability = findings.find(({ check }) => check === 'durability');
    assert.match(durability?.finding ?? '', /on disk at every commit|is off/);
    assert.match(findings.find(({ check }) => check === 'failover')?.finding ?? '', /no replica follows/);
  });
}
