import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { after, test } from 'node:test';
import type { TestContext } from 'node:test';
import { createChance } from '../../support/chance.ts';
import { CLIENT_KINDS } from '../../support/refresh-load/client-kinds.ts';
import { startOnFixedPort } from '../../support/fixed-port.ts';
import { createLoad } from '../../support/refresh-load/load.ts';
import type { Load } from '../../support/refresh-load/load.ts';
import { reportOn } from '../../support/refresh-load/report.ts';
import { KEYFOB_BIN, runKeyfob, spawnKeyfob, startKeyfob } from '../../support/keyfob-process.ts';
import { startCluster } from '../../support/postgres/cluster.ts';
import { directoryFor, errorOf } from '../../support/test-directory.ts';
import { importInto } from './late-imports.ts';

const GRANTS = 42;
/** Grants without refreshes, so that the copy takes a while. */
const IDLE_GRANTS = 25_000;
const OLD_TOKENS_PER_GRANT = 20;
const TEST_OPTIONS = { timeout: 240_000 };

const INSERT_IDLE_GRANTS = `WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${IDLE_GRANTS})
  INSERT INTO grants (id, client_number, generation, key_number, created_at_ms, subject, scope_number)
  SELECT random(), (SELECT min(number) FROM clients), 0, 1, unixepoch() * 1000, 'quiet-' || i, (SELECT min(number) FROM scopes)
  FROM n`;

const cluster = await startCluster();
if (!('reason' in cluster)) after(() => cluster.remove());
const skip = 'reason' in cluster ? cluster.reason : false;

test(
  'Clients continue at the new store, and later at the old kind of store, although copies are killed.',
  { ...TEST_OPTIONS, skip },
  async (t) => {
    if ('reason' in cluster) return;
    const url = cluster.url();
    const directory = directoryFor(t);
    const load = await createLoad(
      { dataDirectory: directory, environment: {} },
      CLIENT_KINDS,
      GRANTS,
      createChance(1),
    );
    t.after(() => load.close());
    insertIdleGrants(join(directory, 'keyfob.db'));
    const words = ['copy', '--from', `sqlite:${directory}`, '--to', url, '--json'];

    const { starter, server: first } = await startOnFixedPort({ dataDirectory: directory, environment: {} });
    t.after(() => first.kill());
    load.start(starter.port);
    const imports = await importInto(t, first);
    const killed = startCopy(t, [...words, '--no-switch']);
    await untilRowsExist(load, () => cluster.ask('SELECT count(*)::integer AS rows FROM grants'));
    killed.kill('SIGKILL');
    const environment = { KEYFOB_STORE: url, KEYFOB_KEY_FILE: join(directory, 'keyfob.key') };
    assert.equal(errorOf(await runKeyfob(['serve', '--json'], environment)).code, 'store_copying');
    assert.equal(load.logs.filter(isRefused).length, 0, 'no client was refused yet');

    const importing = imports.run(imports.late, { directory });
    const switching = startCopy(t, words);
    await load.until(() => load.logs.some(isRefused));
    switching.kill('SIGKILL');
    const doctor = await runKeyfob(['doctor', '--data', directory]);
    assert.equal(doctor.code, 1);
    assert.match(doctor.stdout, /has moved to postgres:\/\/127\.0\.0\.1/);
    assert.doesNotMatch(doctor.stdout, /unused/);
    assert.equal(errorOf(await runKeyfob(['serve', '--json', '--data', directory])).code, 'store_moved');
    const copied = await copyOnce(words);
    assert.match(copied.outcome, /^moved/);
    t.diagnostic(JSON.stringify(copied));
    assert.equal(await first.stop(), 0);
    const ended = await importing;
    assert.ok(
      ended.code === 0 || /import_broken_off|store_moved|store_copying/.test(ended.stderr),
      ended.stderr,
    );

    const nodeArgs = ['--port', String(starter.port), '--log-level', 'error'];
    const second = await startKeyfob({ dataDirectory: directoryFor(t), args: nodeArgs, environment });
    t.after(() => second.kill());
    await load.untilAllRefreshed();
    await imports.continueAt(second, environment);

    const back = directoryFor(t);
    copyFileSync(join(directory, 'keyfob.key'), join(back, 'keyfob.key'));
    const returned = await copyOnce(['copy', '--from', url, '--to', `sqlite:${back}`, '--json']);
    assert.equal(returned.outcome, 'moved');
    assert.equal(returned.rows['grants'], GRANTS + IDLE_GRANTS + imports.count);
    assert.equal(returned.rows['imported_tokens'], imports.count);
    t.diagnostic(JSON.stringify(returned));
    assert.equal(await second.stop(), 0);
    const third = await startKeyfob({ dataDirectory: back, args: nodeArgs });
    t.after(() => third.kill());
    await load.untilAllRefreshed();
    await imports.finishAt(third);
    await load.finish();
    await load.presentOld(OLD_TOKENS_PER_GRANT);
    const { figures, faults } = reportOn(load.logs, {});
    t.diagnostic(JSON.stringify(figures));
    assert.deepEqual(faults, []);
    assert.ok((figures.statuses['503'] ?? 0) > 0, 'some calls were refused during the switches');
    assert.equal((await runKeyfob(['doctor', '--data', back])).code, 0);
  },
);

test('After a move is cancelled, the old servers serve again without a restart.', TEST_OPTIONS, async (t) => {
  const [directory, target] = [directoryFor(t), directoryFor(t)];
  const load = await createLoad(
    { dataDirectory: directory, environment: {} },
    CLIENT_KINDS,
    GRANTS,
    createChance(2),
  );
  t.after(() => load.close());
  const { starter, server } = await startOnFixedPort({ dataDirectory: directory, environment: {} });
  t.after(() => server.kill());
  load.start(starter.port);
  const words = ['copy', '--from', `sqlite:${directory}`, '--to', `sqlite:${target}`, '--json'];
  assert.equal((await copyOnce(words)).outcome, 'moved');
  await load.until(() => load.logs.some(isRefused));
  assert.equal((await spawnKeyfob(['copy', '--from', `sqlite:${directory}`, '--resume-source'])).code, 0);
  await load.untilAllRefreshed();
  await load.finish();
  assert.deepEqual(reportOn(load.logs, {}).faults, []);
  assert.match(server.log(), /the store may have moved/);
  assert.equal(errorOf(await runKeyfob(words)).code, 'copy_target_not_empty');
});

test('A copy is refused without the key ring that sealed the tokens, and for invalid addresses.', async (t) => {
  const [directory, target] = [directoryFor(t), directoryFor(t)];
  const made = await runKeyfob([
    'client',
    'create',
    '--create-store',
    '--dialect',
    'pleos',
    '--data',
    directory,
  ]);
  assert.equal(made.code, 0, made.stderr);
  const other = await runKeyfob(['keys', 'create', '--number', '1']);
  const words = ['copy', '--from', `sqlite:${directory}`, '--to', `sqlite:${target}`, '--json'];
  const wrong = await runKeyfob(words, { KEYFOB_KEY: other.stdout.trim() });
  assert.equal(errorOf(wrong).code, 'key_wrong');
  const lost = await runKeyfob([...words, '--key-file', join(directory, 'no such file')]);
  assert.equal(errorOf(lost).code, 'key_missing');
  assert.equal((await runKeyfob([...words.slice(0, -2), 'mysql://db', '--json'])).code, 2);
  const onto = ['copy', '--from', `sqlite:${directory}`, '--to', `sqlite:${directory}`, '--json'];
  assert.equal(errorOf(await runKeyfob(onto)).code, 'copy_onto_itself');
});

type Printed = { readonly outcome: string; readonly rows: Readonly<Record<string, number>> };

async function copyOnce(words: readonly string[]): Promise<Printed> {
  const ended = await spawnKeyfob(words);
  assert.equal(ended.code, 0, ended.stderr);
  return JSON.parse(ended.stdout) as Printed;
}

function startCopy(t: TestContext, words: readonly string[]): ChildProcess {
  const child = spawn(process.execPath, [KEYFOB_BIN, ...words], { stdio: 'ignore' });
  const ended = once(child, 'exit');
  t.after(async () => {
    child.kill('SIGKILL');
    await ended;
  });
  return child;
}

function insertIdleGrants(path: string): void {
  const database = new DatabaseSync(path);
  database.exec(INSERT_IDLE_GRANTS);
  database.close();
}

/** Checks the rows after every few answered calls, so that the load is known to continue meanwhile. */
async function untilRowsExist(
  load: Load,
  ask: () => Promise<readonly { readonly rows?: number }[]>,
): Promise<void> {
  for (let rows = 0; rows === 0;) {
    await load.at('answered', 5);
    rows = await ask().then(
      ([row]) => row?.rows ?? 0,
      () => 0,
    );
  }
}

function isRefused({ calls }: Load['logs'][number]): boolean {
  return calls.some(({ outcome }) => outcome.kind === 'unavailable');
}
