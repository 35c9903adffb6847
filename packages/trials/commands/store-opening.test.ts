import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  chownSync,
  closeSync,
  mkdirSync,
  openSync,
  readdirSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, test } from 'node:test';
import { createKeyLines } from '@keyfob/server/tokens';
import type { Ended } from '../support/keyfob-process.ts';
import { DIALECTS, refreshAs } from '../support/refresh-request.ts';
import { runKeyfobAs, tryToServe, untilPrinted } from '../support/run-command.ts';
import { bytesOf, directoryFor, errorOf, grantFor, runOn, serverFor } from '../support/test-directory.ts';
import type { Scope } from '../support/test-directory.ts';

/** A directory with a store of one client, closed. */
const storeFor = async (scope: Scope): Promise<string> => {
  const directory = directoryFor(scope);
  const { code, stderr } = await runOn(
    directory,
    'client',
    'create',
    '--create-store',
    '--dialect',
    'smartcar',
  );
  assert.equal(code, 0, stderr);
  return directory;
};

/** Every refusal to open a store has exit code 1, the file name, a remedy, and nothing on standard output. */
const assertTold = (ended: Ended, file: string, code: string): void => {
  assert.equal(ended.code, 1, ended.stderr);
  assert.equal(ended.stdout, '');
  const error = errorOf(ended);
  assert.equal(error.code, code, ended.stderr);
  assert.ok(error.message.includes(file), `does not name ${file}: ${error.message}`);
  assert.match(error.remedy ?? '', /\w{3,} .*\.$/);
};

/** Opens the store by a server and by a command. The bytes of the directory must not change. */
const assertRefused = async (directory: string, file: string, code: string): Promise<void> => {
  const before = bytesOf(directory);
  const served = await tryToServe(directory);
  assert.deepEqual(bytesOf(directory), before, `serve changed the directory: ${served.stderr}`);
  assertTold(served, file, code);
  const listed = await runOn(directory, 'client', 'list', '--json');
  assert.deepEqual(bytesOf(directory), before, `a command changed the directory: ${listed.stderr}`);
  assertTold(listed, file, code);
  const examined = await runOn(directory, 'doctor', '--json');
  assert.equal(examined.code, 1, 'doctor found nothing');
  assert.match(examined.stdout, /"verdict":"fail"/);
};

const makeForeignDatabase = (path: string, applicationId: number, schema: number): void => {
  const database = new DatabaseSync(path);
  database.exec(`CREATE TABLE invoices (id INTEGER); INSERT INTO invoices VALUES (1);
    PRAGMA application_id = ${applicationId}; PRAGMA user_version = ${schema}`);
  database.close();
};

const KEY_RING = `${createKeyLines(1, 1)}\n`;

describe('A file that is not a Keyfob store is refused and left unchanged', () => {
  for (const [which, key] of [
    ['with a key file beside it', KEY_RING],
    ['without a key file', undefined],
  ] as const) {
    test(`a text file, ${which}`, async (t) => {
      const directory = directoryFor(t);
      if (key !== undefined) writeFileSync(join(directory, 'keyfob.key'), key, { mode: 0o600 });
      writeFileSync(join(directory, 'keyfob.db'), 'Dear diary, today I refreshed a token.\n'.repeat(99));
      await assertRefused(directory, join(directory, 'keyfob.db'), 'store_not_a_database');
    });

    test(`a SQLite database with the application id of another program, ${which}`, async (t) => {
      const directory = directoryFor(t);
      if (key !== undefined) writeFileSync(join(directory, 'keyfob.key'), key, { mode: 0o600 });
      makeForeignDatabase(join(directory, 'keyfob.db'), 0x12345678, 1);
      await assertRefused(directory, join(directory, 'keyfob.db'), 'store_foreign');
    });

    for (const schema of [0, 1, 2])
      test(`a SQLite database of another program without an application id, user_version ${schema}, ${which}`, async (t) => {
        const directory = directoryFor(t);
        if (key !== undefined) writeFileSync(join(directory, 'keyfob.key'), key, { mode: 0o600 });
        makeForeignDatabase(join(directory, 'keyfob.db'), 0, schema);
        await assertRefused(directory, join(directory, 'keyfob.db'), 'store_foreign');
      });
  }

  test('a directory of that name', async (t) => {
    const directory = directoryFor(t);
    writeFileSync(join(directory, 'keyfob.key'), KEY_RING, { mode: 0o600 });
    mkdirSync(join(directory, 'keyfob.db'));
    const before = bytesOf(directory);
    const ended = await tryToServe(directory);
    assert.equal(ended.code, 1, ended.stderr);
    const { code, message } = errorOf(ended);
    assert.equal(code, 'file_unusable', message);
    assert.ok(message.includes(join(directory, 'keyfob.db')), message);
    assert.deepEqual(bytesOf(directory), before);
  });
});

test('a store of a newer Keyfob is refused and left unchanged', async (t) => {
  const directory = await storeFor(t);
  const database = new DatabaseSync(join(directory, 'keyfob.db'));
  const { user_version: schema } = database.prepare('PRAGMA user_version').get() ?? {};
  database.exec(`PRAGMA user_version = ${Number(schema) + 1}; PRAGMA wal_checkpoint(TRUNCATE)`);
  database.close();
  await assertRefused(directory, join(directory, 'keyfob.db'), 'store_newer');
});

test('doctor changes nothing and leaves nothing behind on a store of a newer Keyfob', async (t) => {
  const directory = await storeFor(t);
  const database = new DatabaseSync(join(directory, 'keyfob.db'));
  database.exec('PRAGMA user_version = 9999; PRAGMA wal_checkpoint(TRUNCATE)');
  database.close();
  const before = bytesOf(directory);
  assert.equal((await runOn(directory, 'doctor')).code, 1);
  assert.deepEqual(bytesOf(directory), before);
});

/** Locks a store as another program does, until the test ends or `release` is called. */
const hold = async (scope: Scope, directory: string, sql: string): Promise<{ release(): Promise<void> }> => {
  const script = `const { DatabaseSync } = require('node:sqlite');
    const database = new DatabaseSync(process.argv[1]); database.exec(process.argv[2]); console.log('held');
    process.stdin.on('end', () => { database.close(); process.exit(0); }).resume();`;
  const path = join(directory, 'keyfob.db');
  const child = spawn(process.execPath, ['-e', script, path, sql], { stdio: ['pipe', 'pipe', 'ignore'] });
  const exited = once(child, 'exit');
  const release = async (): Promise<void> => {
    child.stdin.end();
    await exited;
  };
  scope.after(release);
  await untilPrinted(child, 'held');
  return { release };
};

describe('A store that another program has locked', () => {
  for (const [how, sql] of [
    ['by BEGIN EXCLUSIVE', 'BEGIN EXCLUSIVE'],
    ['by locking_mode EXCLUSIVE', 'PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE; COMMIT'],
  ] as const) {
    test(`${how}, is refused, left unchanged, and opens when it is unlocked`, async (t) => {
      const directory = await storeFor(t);
      const held = await hold(t, directory, sql);
      const before = bytesOf(directory);
      assertTold(await tryToServe(directory), join(directory, 'keyfob.db'), 'store_locked');
      assert.deepEqual(bytesOf(directory), before);
      await held.release();
      assert.equal((await tryToServe(directory)).code, null, 'it listens');
    });
  }

  test('while a server runs, causes 503 with Retry-After in both dialects, and the same token works afterwards', async (t) => {
    const server = await serverFor(t);
    const made = await Promise.all(DIALECTS.map((dialect) => grantFor(server, dialect)));
    const held = await hold(t, server.dataDirectory, 'BEGIN IMMEDIATE');
    await Promise.all(
      DIALECTS.map(async (dialect, index) => {
        const { client, grant } = made[index] ?? assert.fail();
        const away = await refreshAs[dialect](server.url, client, grant.refreshToken);
        assert.equal(away.status, 503, away.text);
        assert.match(away.headers.get('retry-after') ?? '', /^[1-9]\d*$/);
      }),
    );
    await held.release();
    for (const [index, dialect] of DIALECTS.entries()) {
      const { client, grant } = made[index] ?? assert.fail();
      const answer = await refreshAs[dialect](server.url, client, grant.refreshToken);
      assert.equal(answer.status, 200, answer.text);
    }
  });
});

/** Root can write everything, so these commands run as nobody. */
const NOBODY = process.getuid?.() === 0 ? { uid: 65_534, gid: 65_534 } : {};
const canRun = (await runKeyfobAs(NOBODY, ['--version'])).code === 0;
const giveAway = (path: string, mode: number): void => {
  if (NOBODY.uid !== undefined) chownSync(path, NOBODY.uid, NOBODY.gid);
  chmodSync(path, mode);
};

describe(
  'A place that may not be written',
  canRun ? {} : { skip: 'keyfob cannot be run here as a user without rights' },
  () => {
    for (const [what, directoryMode, fileMode] of [
      ['a directory', 0o500, 0o400],
      ['only the files', 0o700, 0o400],
    ] as const) {
      test(`${what} of a store: refused, reported, and left unchanged`, async (t) => {
        const directory = await storeFor(t);
        for (const name of readdirSync(directory)) giveAway(join(directory, name), fileMode);
        giveAway(directory, directoryMode);
        const before = bytesOf(directory);
        assertTold(await tryToServe(directory, [], NOBODY), join(directory, 'keyfob.db'), 'store_read_only');
        assert.deepEqual(bytesOf(directory), before);
        const listed = await runKeyfobAs(NOBODY, ['client', 'list', '--json', '--data', directory]);
        assertTold(listed, join(directory, 'keyfob.db'), 'store_read_only');
        assert.deepEqual(bytesOf(directory), before);
      });
    }

    test('a store in a directory that may not be entered is not taken for none, by any command', async (t) => {
      const directory = await storeFor(t);
      chmodSync(directory, 0o700);
      const before = bytesOf(directory);
      for (const words of [['grant', 'list'], ['events'], ['backup', `${directory}.copy`]]) {
        const ended = await runKeyfobAs(NOBODY, [...words, '--json', '--data', directory]);
        assertTold(ended, directory, 'file_unusable');
      }
      assertTold(await tryToServe(directory, [], NOBODY), directory, 'file_unusable');
      const inside = join(directory, 'data');
      assertTold(await tryToServe(inside, [], NOBODY), inside, 'file_unusable');
      assert.deepEqual(bytesOf(directory), before);
      for (const [place, finding] of [
        [directory, /cannot be used by this user/],
        [inside, /permission denied/],
      ] as const) {
        const { stdout } = await runKeyfobAs(NOBODY, ['doctor', '--data', place]);
        assert.match(stdout, new RegExp(`^fail +data +\\S*${place}.*${finding.source}`, 'm'));
        assert.match(stdout, /^fail +store .*permission denied/m);
        assert.doesNotMatch(stdout, /does not exist|no store|backup/);
      }
    });

    test('a key file that may not be read is reported by doctor', async (t) => {
      const directory = await storeFor(t);
      for (const name of readdirSync(directory)) giveAway(join(directory, name), 0o600);
      giveAway(directory, 0o700);
      chownSync(join(directory, 'keyfob.key'), 0, 0);
      const { stdout } = await runKeyfobAs(NOBODY, ['doctor', '--data', directory]);
      assert.match(stdout, /^fail +key ring +\S*keyfob\.key: permission denied/m);
    });

    test('a directory for the first start: refused, reported, and left unchanged', async (t) => {
      const directory = directoryFor(t);
      giveAway(directory, 0o500);
      const ended = await tryToServe(directory, [], NOBODY);
      assert.equal(ended.code, 1, ended.stderr);
      const { code, message, remedy } = errorOf(ended);
      assert.notEqual(code, 'internal', message);
      assert.ok(message.includes(directory), message);
      assert.match(remedy ?? '', /write/);
      assert.deepEqual(bytesOf(directory), {});
    });

    test('a parent in which the data directory cannot be created', async (t) => {
      const directory = directoryFor(t);
      giveAway(directory, 0o500);
      const inside = join(directory, 'data');
      const ended = await tryToServe(inside, [], NOBODY);
      assertTold(ended, inside, 'file_unusable');
    });
  },
);

const damage = (directory: string, page: number): void => {
  const file = openSync(join(directory, 'keyfob.db'), 'r+');
  const from = page === 0 ? 100 : page * 4096;
  writeSync(file, Buffer.alloc((page + 1) * 4096 - from, 0xa5), 0, undefined, from);
  closeSync(file);
};

describe('A damaged store', () => {
  test('with garbage after the header of its first page is refused and left unchanged', async (t) => {
    const directory = await storeFor(t);
    damage(directory, 0);
    await assertRefused(directory, join(directory, 'keyfob.db'), 'store_damaged');
  });

  test('with garbage in its page of clients is refused and left unchanged', async (t) => {
    const directory = await storeFor(t);
    damage(directory, 1);
    await assertRefused(directory, join(directory, 'keyfob.db'), 'store_damaged');
  });

  test('is found by doctor, with a remedy', async (t) => {
    const directory = await storeFor(t);
    damage(directory, 1);
    const ended = await runOn(directory, 'doctor');
    assert.equal(ended.code, 1);
    assert.match(ended.stdout, /^fail +store +.*keyfob\.db/m);
    assert.match(ended.stdout, /-> .*backup/);
  });
});
