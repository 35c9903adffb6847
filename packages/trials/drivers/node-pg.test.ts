import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import { startCluster } from '../support/postgres/cluster.ts';
import type { Cluster } from '../support/postgres/cluster.ts';
import { measureCosts } from './costs.ts';
import { tryCuts } from './cuts.ts';
import type { Outcome } from './cuts.ts';
import { nodePg } from './node-pg.ts';

const TITLE = 'the PostgreSQL store expects from its driver:';

const cluster = await startCluster();
if ('reason' in cluster) test(TITLE, { skip: cluster.reason }, () => {});
else {
  after(() => cluster.remove());
  describe(TITLE, () => tryDriver(cluster));
}

/** The error of a fault that must cause one. */
const errorOf = ({ ended }: Outcome) => (ended.kind === 'failed' ? ended.error : assert.fail(ended.kind));

function tryDriver(database: Cluster): void {
  test('a lost connection causes an error without a code, the same for sent and unsent statements, and the next statement is answered.', async () => {
    const cuts = await tryCuts(nodePg, database);
    const { statementNotSent, statementNotAnswered, commitNotSent, commitNotAnswered, ...others } = cuts;
    const cut = [statementNotSent, statementNotAnswered, commitNotSent, commitNotAnswered];
    assert.deepEqual(
      cut.map(({ isDone }) => isDone),
      [false, true, false, true],
    );
    const expected = { message: 'Connection terminated unexpectedly', code: undefined };
    for (const outcome of cut) assert.deepEqual({ ...errorOf(outcome) }, { ...expected, ...NO_CONTENTS });
    assert.deepEqual(errorOf(others.silence), {
      message: 'Query read timeout',
      code: undefined,
      ...NO_CONTENTS,
    });
    const { statement, parameter, code } = errorOf(others.refused);
    assert.deepEqual({ statement, parameter, code }, { ...NO_CONTENTS, code: '23505' });
    for (const { continues } of Object.values(cuts)) assert.ok(continues);
  });

  test('a statement without a name is one round trip, the first time and later.', async () => {
    const messages = ['Parse', 'Bind', 'Describe', 'Execute', 'Sync'];
    const cost = { roundTrips: 1, messages };
    assert.deepEqual(await measureCosts(nodePg, database), { first: cost, second: cost });
  });
}

const NO_CONTENTS = { statement: 'no', parameter: 'no' } as const;
