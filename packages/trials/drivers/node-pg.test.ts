import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import { startCluster } from '../support/postgres/cluster.ts';
import type { Cluster } from '../support/postgres/cluster.ts';
import { measureCosts } from './costs.ts';
import { tryCuts } from './cuts.ts';
import type { Outcome } from './cuts.ts';
import { nodePg } from './node-pg.ts';

const TITLE = 'what the store on PostgreSQL expects of its driver:';

const cluster = await startCluster();
if ('reason' in cluster) test(TITLE, { skip: cluster.reason }, () => {});
else {
  after(() => cluster.remove());
  describe(TITLE, () => tryDriver(cluster));
}

/** The error of a fault that has to end with one. */
const errorOf = ({ ended }: Outcome) => (ended.kind === 'failed' ? ended.error : assert.fail(ended.kind));

function tryDriver(database: Cluster): void {
  test('a cut is an error without a code, the same whether or not the statement was sent, and the next statement is answered.', async () => {
    const cuts = await tryCuts(nodePg, database);
    const { statementNotSent, statementNotAnswered, commitNotSent, commitNotAnswered, ...others } = cuts;
    const cut = [statementNotSent, statementNotAnswered, commitNotSent, commitNotAnswered];
    assert.deepEqual(
      cut.map(({ isDone }) => isDone),
      [false, true, false, true],
    );
    const expected = { message: 'Connection terminated unexpectedly', code: undefined };
    for (const outcome of cut) assert.deepEqual({ ...errorOf(outcome) }, { ...expected, ...NOTHING_HELD });
    assert.deepEqual(errorOf(others.silence), {
      message: 'Query read timeout',
      code: undefined,
      ...NOTHING_HELD,
    });
    const { statement, parameter, code } = errorOf(others.refused);
    assert.deepEqual({ statement, parameter, code }, { ...NOTHING_HELD, code: '23505' });
    for (const { goesOn } of Object.values(cuts)) assert.ok(goesOn);
  });

  test('a statement without a name is one round trip, the first time and later.', async () => {
    const messages = ['Parse', 'Bind', 'Describe', 'Execute', 'Sync'];
    const cost = { roundTrips: 1, messages };
    assert.deepEqual(await measureCosts(nodePg, database), { first: cost, second: cost });
  });
}

const NOTHING_HELD = { statement: 'no', parameter: 'no' } as const;
