import assert from 'node:assert/strict';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import { adminClient as plainClient, operatorKey } from '../support/admin-request.ts';
import type { AdminClient } from '../support/admin-request.ts';
import type { KeyfobServer } from '../support/keyfob-process.ts';
import { refreshSmartcar } from '../support/refresh-request.ts';
import { directoryFor, grantFor, serverFor } from '../support/test-directory.ts';
import { assertDescribed } from './described.ts';

const adminClient = (server: KeyfobServer, key?: string): AdminClient =>
  plainClient(server, key, assertDescribed);

type Node = {
  readonly nodeId: string;
  readonly state: string;
  readonly isThis: boolean;
  readonly url: string;
  readonly processId: number;
};
type Nodes = { readonly nodes: readonly Node[]; readonly warning: string | null };
type Doctor = {
  readonly findings: readonly {
    readonly check: string;
    readonly verdict: string;
    readonly finding: string | null;
  }[];
};
type Trouble = { readonly reason: string; readonly clientId: string | null; readonly count: number };

test('nodes are listed; one that was killed is gone, an old version beside a new one is a warning, and counts of refusals outlive both', async (t) => {
  const dataDirectory = directoryFor(t);
  const args = ['--admin-port', '0'];
  const one = await serverFor(t, { dataDirectory, args });
  const two = await serverFor(t, { dataDirectory, args });
  const key = await operatorKey(one, 'operator');
  const [askOne, askTwo] = [adminClient(one, key), adminClient(two, key)];
  const listed = (await askOne('GET', '/nodes')).body as Nodes;
  assert.deepEqual(
    listed.nodes.map(({ url, state, isThis }) => [url, state, isThis]),
    [
      [one.url, 'running', true],
      [two.url, 'running', false],
    ],
  );
  assert.equal(listed.warning, null);

  const { client, grant } = await grantFor(one, 'smartcar');
  const wrong = { ...client, clientSecret: 'wrong' };
  await refreshSmartcar(one.url, wrong, grant.refreshToken);
  await refreshSmartcar(two.url, wrong, grant.refreshToken);
  for (const clientId of ['made-up-1', 'made-up-2'])
    await refreshSmartcar(two.url, { ...wrong, clientId }, grant.refreshToken);
  // Each shows what it counted itself at once, and the others a moment later.
  await askOne('GET', '/troubles');
  const before = (await askTwo('GET', '/troubles?kind=refusals&span=day')).body as {
    readonly troubles: readonly Trouble[];
  };
  const brief = ({ reason, clientId, count }: Trouble) => [reason, clientId, count];
  assert.deepEqual(
    before.troubles
      .map(brief)
      .toSorted(([left = ''], [right = '']) => (String(left) < String(right) ? -1 : 1)),
    [
      ['client_secret_wrong', client.clientId, 2],
      ['client_unknown', null, 2],
    ],
  );

  await one.kill();
  const database = new DatabaseSync(join(dataDirectory, 'keyfob.db'));
  t.after(() => database.close());
  database.prepare('UPDATE running_nodes SET seen_at_ms = seen_at_ms - 60000 WHERE url = ?').run(one.url);
  database
    .prepare(
      `INSERT INTO running_nodes SELECT 'older', '0.0.9', 'fob-9', 1, '', started_at_ms - 1, seen_at_ms, 0
        FROM running_nodes WHERE url = ?`,
    )
    .run(two.url);
  const after = (await askTwo('GET', '/nodes')).body as Nodes;
  assert.deepEqual(
    after.nodes.map(({ nodeId, url, state }) => [nodeId === 'older' ? nodeId : url, state]),
    [
      [one.url, 'gone'],
      ['older', 'running'],
      [two.url, 'running'],
    ],
  );
  assert.match(after.warning ?? '', /of 2 versions: 0\.0\.9 on fob-9.*Finish the upgrade/);
  const seen = await Promise.all(
    (['viewer', 'support'] as const).map(async (role) => {
      const ask = adminClient(two, await operatorKey(two, role));
      const nodes = (await ask('GET', '/nodes')).body as Nodes;
      assert.match(nodes.warning ?? '', /of 2 versions: 0\.0\.9 on older/);
      const { findings } = (await ask('GET', '/doctor')).body as Doctor;
      const verdicts = findings.map(({ check, verdict }) => [check, verdict]);
      return { text: JSON.stringify([nodes, findings]), verdicts };
    }),
  );
  const own = after.nodes.find(({ url }) => url === two.url);
  for (const { text } of seen)
    for (const place of [dataDirectory, two.url, hostname(), 'fob-9', `"processId":${own?.processId}`])
      assert.ok(!text.includes(place), `${place} in ${text}`);
  const doctor = (await askTwo('GET', '/doctor')).body as Doctor;
  const verdicts = doctor.findings.map(({ check, verdict }) => [check, verdict]);
  for (const below of seen) assert.deepEqual(below.verdicts, verdicts);
  assert.ok(doctor.findings.some(({ finding }) => finding?.includes(dataDirectory)));
  assert.equal(doctor.findings.find(({ check }) => check === 'nodes')?.verdict, 'warn');
  const command = await two.command<{ readonly nodes: readonly Node[] }>('nodes');
  assert.equal(command.nodes.length, 3);
  const kept = (await askTwo('GET', `/troubles?clientId=${client.clientId}`)).body as typeof before;
  assert.deepEqual(kept.troubles.map(brief), [['client_secret_wrong', client.clientId, 2]]);
  const sinceHour = `/troubles?since=${new Date(Date.now() - 3_600_000).toISOString()}`;
  const hourly = (await askTwo('GET', sinceHour)).body;
  assert.deepEqual([hourly['partSeconds'], hourly['isPartial']], [3600, false]);
  assert.deepEqual(
    ((await askTwo('GET', '/troubles?limit=1')).body as { isPartial: boolean }).isPartial,
    true,
  );
  assert.equal((await askTwo('GET', `${sinceHour}&span=day`)).status, 400);
  const words = ['troubles', '--client', client.clientId, '--since', '2h'];
  const counted = await two.command<typeof before>(...words);
  assert.deepEqual(counted.troubles.map(brief), [['client_secret_wrong', client.clientId, 2]]);
  await two.stop();
  assert.deepEqual(
    database
      .prepare('SELECT url FROM running_nodes ORDER BY url')
      .all()
      .map(({ url }) => url),
    ['', one.url],
  );
});
