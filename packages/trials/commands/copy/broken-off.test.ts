import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { after, test } from 'node:test';
import { runKeyfob } from '../../support/keyfob-process.ts';
import { startCluster } from '../../support/postgres/cluster.ts';
import { directoryFor, errorOf, runOn } from '../../support/test-directory.ts';

const cluster = await startCluster();
if (!('reason' in cluster)) after(() => cluster.remove());
const skip = 'reason' in cluster ? cluster.reason : false;

/** Makes every insert of a grant fail as on a full disk. */
const FULL = `CREATE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS
  $$ BEGIN RAISE EXCEPTION 'No space left on device' USING ERRCODE = '53100'; END $$;
  CREATE TRIGGER full_disk BEFORE INSERT ON grants EXECUTE FUNCTION full_disk();`;
const FULL_AT_THE_END = `DROP FUNCTION full_disk CASCADE; CREATE FUNCTION full_disk() RETURNS event_trigger LANGUAGE plpgsql AS
  $$ BEGIN RAISE EXCEPTION 'No space left on device' USING ERRCODE = '53100'; END $$;
  CREATE EVENT TRIGGER full_disk ON sql_drop EXECUTE FUNCTION full_disk();`;

test(
  'A copy that breaks off reports which store failed and whether the source still serves.',
  { skip },
  async (t) => {
    if ('reason' in cluster) return;
    const [directory, url] = [directoryFor(t), cluster.url()];
    const made = await runOn(directory, 'client', 'create', '--create-store', '--dialect', 'pleos', '--json');
    const { clientId } = JSON.parse(made.stdout) as { clientId: string };
    await runOn(directory, 'grant', 'create', '--client', clientId, '--subject', 'owner-1');
    assert.equal((await runKeyfob(['migrate'], { KEYFOB_STORE: url })).code, 0);
    const words = ['copy', '--from', `sqlite:${directory}`, '--to', url, '--json'];

    await cluster.ask(FULL);
    const full = errorOf(await runKeyfob(words));
    assert.equal(full.code, 'copy_broken_off');
    assert.match(full.message, /^postgres:\/\/127\.0\.0\.1:\d+\/postgres: the disk of the database is full/);
    assert.match(full.remedy ?? '', /The source still serves/);
    assert.equal((await runOn(directory, 'client', 'list')).code, 0);

    await cluster.ask(FULL_AT_THE_END);
    const stopped = errorOf(await runKeyfob(words));
    assert.equal(stopped.code, 'copy_broken_off');
    assert.match(stopped.remedy ?? '', /The source does not serve now.*--resume-source/);
    assert.equal(errorOf(await runOn(directory, 'client', 'list', '--json')).code, 'store_moved');

    await cluster.ask('DROP EVENT TRIGGER full_disk');
    const ended = await runKeyfob(words);
    assert.equal(ended.code, 0, ended.stderr);
    assert.equal((JSON.parse(ended.stdout) as { outcome: string }).outcome, 'moved');
  },
);

test('For a missing source, the error names the store and not its key ring, and nothing is created.', async (t) => {
  const directory = directoryFor(t);
  const [from, to] = [`sqlite:${directory}/nowhere`, `sqlite:${directory}/target`];
  assert.equal(
    errorOf(await runKeyfob(['copy', '--from', from, '--to', to, '--json'])).code,
    'store_missing',
  );
  assert.equal(
    errorOf(await runKeyfob(['copy', '--from', from, '--resume-source', '--json'])).code,
    'store_missing',
  );
  assert.deepEqual(readdirSync(directory), []);
});
