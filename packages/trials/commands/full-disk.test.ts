import assert from 'node:assert/strict';
import {
  existsSync,
  closeSync,
  mkdtempSync,
  openSync,
  readdirSync,
  rmdirSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import type { KeyfobServer } from '../support/keyfob-process.ts';
import { DIALECTS, refreshAs } from '../support/refresh-request.ts';
import { runCommand, runKeyfobAfter, tryToServe } from '../support/run-command.ts';
import { directoryFor, errorOf, grantFor, serverFor } from '../support/test-directory.ts';
import type { Scope } from '../support/test-directory.ts';

const makeDisk = async (size: string): Promise<{ path: string; remove(): Promise<void> } | undefined> => {
  const path = mkdtempSync(join(tmpdir(), 'keyfob-disk-'));
  const { code } = await runCommand('mount', ['-t', 'tmpfs', '-o', `size=${size}`, 'keyfob', path]);
  if (code !== 0) {
    rmdirSync(path);
    return undefined;
  }
  return {
    path,
    async remove() {
      await runCommand('umount', [path]);
      rmdirSync(path);
    },
  };
};

/** A small disk, unmounted when the test ends. */
const diskFor = async (scope: Scope, size: string): Promise<string> => {
  const disk = await makeDisk(size);
  assert.ok(disk !== undefined);
  scope.after(() => disk.remove());
  return disk.path;
};

const trial = await makeDisk('64k');
await trial?.remove();
const disks = trial === undefined ? { skip: 'no disk may be mounted here' } : {};

/** Fills a disk completely. */
const fill = (path: string): void => {
  const file = openSync(path, 'w');
  try {
    for (const bytes of [65_536, 4096, 1]) {
      const block = Buffer.alloc(bytes);
      try {
        for (;;) if (writeSync(file, block) < bytes) break;
      } catch (error) {
        assert.equal((error as NodeJS.ErrnoException).code, 'ENOSPC');
      }
    }
  } finally {
    closeSync(file);
  }
};

/** Refreshes in both dialects are answered 503 while the disk is full, and the same tokens work when it has space again. */
const assertOutageLooksLikeOne = async (
  server: KeyfobServer,
  takeRoom: () => void | Promise<void>,
  giveRoom: () => void | Promise<void>,
): Promise<void> => {
  const made = await Promise.all(DIALECTS.map((dialect) => grantFor(server, dialect)));
  await takeRoom();
  for (const [index, dialect] of DIALECTS.entries()) {
    const { client, grant } = made[index] ?? assert.fail();
    for (let attempt = 0; attempt < 3; attempt++) {
      const away = await refreshAs[dialect](server.url, client, grant.refreshToken);
      assert.equal(away.status, 503, away.text);
      assert.match(away.headers.get('retry-after') ?? '', /^[1-9]\d*$/);
    }
  }
  await giveRoom();
  for (const [index, dialect] of DIALECTS.entries()) {
    const { client, grant } = made[index] ?? assert.fail();
    const answer = await refreshAs[dialect](server.url, client, grant.refreshToken);
    assert.equal(answer.status, 200, answer.text);
    assert.equal((await refreshAs[dialect](server.url, client, answer.refreshToken)).status, 200);
  }
  assert.equal(await server.stop(), 0);
};

describe('A full disk', disks, () => {
  test('at the first start: refused with the file name, and no store or key is left behind', async (t) => {
    const directory = join(await diskFor(t, '64k'), 'data');
    const ended = await tryToServe(directory);
    assert.equal(ended.code, 1, ended.stderr);
    const { code, message, remedy } = errorOf(ended);
    assert.equal(code, 'store_disk_full');
    assert.ok(message.includes(join(directory, 'keyfob.db')), message);
    assert.match(remedy ?? '', /space/);
    assert.deepEqual(existsSync(directory) ? readdirSync(directory) : [], []);
  });

  test('to the last byte at the first start: refused with the file name, not as a bug', async (t) => {
    const disk = await diskFor(t, '64k');
    fill(join(disk, 'filler'));
    const ended = await tryToServe(join(disk, 'data'));
    assert.equal(ended.code, 1, ended.stderr);
    const { code, message } = errorOf(ended);
    assert.notEqual(code, 'internal', message);
    assert.ok(message.includes(join(disk, 'data')), message);
  });

  test('while serving: 503 with Retry-After, and the same token works when there is space again, without a restart', async (t) => {
    const disk = await diskFor(t, '4m');
    const server = await serverFor(t, { dataDirectory: join(disk, 'data') });
    const filler = join(disk, 'filler');
    await assertOutageLooksLikeOne(
      server,
      () => fill(filler),
      () => rmSync(filler),
    );
  });
});

const hasLimits = (await runCommand('prlimit', ['--version'])).code === 0;

describe('A store that cannot grow', () => {
  test('at the first start: refused with the file name', async (t) => {
    const directory = directoryFor(t);
    const args = [
      'client',
      'create',
      '--create-store',
      '--dialect',
      'smartcar',
      '--json',
      '--data',
      directory,
    ];
    const ended = await runKeyfobAfter('ulimit -f 4', args);
    assert.equal(ended.code, 1, ended.stderr);
    const { code, message } = errorOf(ended);
    assert.match(code, /^store_/);
    assert.ok(message.includes(join(directory, 'keyfob.db')), message);
  });

  test(
    'while serving: 503 with Retry-After, and the same token works when it may, without a restart',
    hasLimits ? {} : { skip: 'there is no prlimit on this machine' },
    async (t) => {
      const server = await serverFor(t);
      const limit = async (bytes: string): Promise<void> => {
        const set = await runCommand('prlimit', [`--pid=${server.child.pid}`, `--fsize=${bytes}:`]);
        assert.equal(set.code, 0, set.stderr);
      };
      await assertOutageLooksLikeOne(
        server,
        () => limit('1'),
        () => limit('unlimited'),
      );
    },
  );
});
