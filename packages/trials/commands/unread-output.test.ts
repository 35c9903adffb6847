import assert from 'node:assert/strict';
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import type { ChildProcess, StdioOptions } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, constants, existsSync, openSync, readSync, writeSync } from 'node:fs';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { text as readText } from 'node:stream/consumers';
import { describe, test } from 'node:test';
import { KEYFOB_BIN } from '../support/keyfob-process.ts';
import type { KeyfobServer, MadeClient } from '../support/keyfob-process.ts';
import { probe, readMetrics } from '../support/metrics-request.ts';
import { refreshSmartcar } from '../support/refresh-request.ts';
import { directoryFor, errorOf, grantFor, runOn, serverFor } from '../support/test-directory.ts';
import type { Scope } from '../support/test-directory.ts';

const { O_RDONLY, O_RDWR, O_NONBLOCK } = constants;
const DROPPED = 'keyfob_log_lines_total{outcome="dropped"}';

/** What a pipe holds at the moment. */
const readAll = (reader: number): string => {
  const bytes = Buffer.alloc(65_536);
  let text = '';
  try {
    for (;;) {
      const length = readSync(reader, bytes);
      if (length === 0) return text;
      text += bytes.toString('utf8', 0, length);
    }
  } catch (error) {
    assert.equal((error as { code?: string }).code, 'EAGAIN');
    return text;
  }
};

/** A pipe that this process can read, and fill, so that a write to it waits. */
const pipeFor = (scope: Scope) => {
  const path = join(directoryFor(scope), 'pipe');
  execFileSync('mkfifo', [path]);
  const both = openSync(path, O_RDWR | O_NONBLOCK);
  let isOpen = true;
  const closeAll = (): void => {
    if (isOpen) closeSync(both);
    isOpen = false;
  };
  scope.after(closeAll);
  return {
    path,
    /** For a child process: an end that waits, and does not read. */
    openEnd: () => openSync(path, 'w'),
    fill(): void {
      const bytes = Buffer.alloc(4096, '\n');
      try {
        for (;;) writeSync(both, bytes);
      } catch (error) {
        assert.equal((error as { code?: string }).code, 'EAGAIN');
      }
    },
    read: () => readAll(both),
    /** From now on nobody reads it. */
    closeAll,
  };
};

const LONG_NAME = { 'user-agent': 'stranger '.repeat(30) };

/** Sends requests of a stranger until a condition holds. */
const sendNoise = async (server: KeyfobServer, until: () => Promise<boolean>): Promise<void> => {
  do {
    const requests = Array.from({ length: 50 }, async () =>
      (await fetch(`${server.url}/nothing`, { headers: LONG_NAME })).arrayBuffer(),
    );
    await Promise.all(requests);
  } while (!(await until()));
};

/** Runs its arguments with a terminal that takes a few kilobytes of output and no more. */
const IN_STOPPED_TERMINAL = `
import os, sys
_, terminal = os.openpty()
os.dup2(terminal, 1)
os.dup2(terminal, 2)
os.set_inheritable(_, True)
os.execvp(sys.argv[1], sys.argv[1:])`;

/** Starts a server whose output cannot be read. */
const startSilently = async (
  scope: Scope,
  [program = '', ...words]: readonly string[],
  stdio: StdioOptions,
) => {
  const port = await findPort();
  const args = [KEYFOB_BIN, 'serve', '--port', String(port), '--data', directoryFor(scope)];
  const child = spawn(program, [...words, ...args, '--log-level', 'debug'], { stdio });
  scope.after(() => child.kill('SIGKILL'));
  return { child, url: `http://127.0.0.1:${port}` };
};

const findPort = async (): Promise<number> => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
};

const untilAnswered = async (child: ChildProcess, url: string): Promise<void> => {
  for (;;) {
    assert.equal(child.exitCode, null, 'the server ended');
    try {
      await (await fetch(url)).arrayBuffer();
      return;
    } catch {
      // It does not listen yet.
    }
  }
};

const endQuietly = (pid: number): void => {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has ended.
  }
};

const WITH_ADMIN = ['--admin-port', '0', '--log-level', 'debug'];

describe('a server whose log nobody reads', () => {
  test('answers refreshes and probes, counts dropped lines, reports them later, and stops on SIGTERM', async (t) => {
    const pipe = pipeFor(t);
    pipe.fill();
    const end = pipe.openEnd();
    t.after(() => closeSync(end));
    const server = await serverFor(t, { args: WITH_ADMIN, spawn: { stdio: ['ignore', 'pipe', end] } });
    const { client, grant } = await grantFor(server, 'smartcar');
    const readDropped = async () => (await readMetrics(server)).get(DROPPED) ?? 0;
    assert.equal(await readDropped(), 0);
    await sendNoise(server, async () => (await readDropped()) > 0);
    const first = await refreshSmartcar(server.url, client, grant.refreshToken);
    assert.equal(first.status, 200, first.text);
    assert.equal(await probe(server, '/livez'), '200 alive');
    const dropped = await readDropped();
    let log = '';
    while (!log.includes('log.dropped')) {
      log += pipe.read();
      // The rest of the lines that waited arrives when the server is next idle.
      await probe(server, '/livez');
    }
    assert.ok(log.includes(`"event":"log.dropped","lines":${dropped}}`), log.slice(-500));
    const second = await refreshSmartcar(server.url, client, first.refreshToken);
    assert.equal(second.status, 200, second.text);
    while (!log.includes('"generation":1')) {
      log += pipe.read();
      await probe(server, '/livez');
    }
    pipe.fill();
    assert.equal(await server.stop(), 0);
  });

  test('starts and stops if its standard output is full too', async (t) => {
    const pipe = pipeFor(t);
    pipe.fill();
    const end = pipe.openEnd();
    t.after(() => closeSync(end));
    const { child, url } = await startSilently(t, [process.execPath], ['ignore', end, end]);
    await untilAnswered(child, `${url}/connect`);
    const exited = once(child, 'exit');
    child.kill('SIGHUP');
    assert.deepEqual(await exited, [0, null]);
  });

  test('answers and stops if its output is a terminal that is stopped', async (t) => {
    const python = spawnSync('python3', ['--version']);
    if (python.error !== undefined) return t.skip('python3 is not installed');
    const { child, url } = await startSilently(
      t,
      ['python3', '-c', IN_STOPPED_TERMINAL, process.execPath],
      'ignore',
    );
    await untilAnswered(child, `${url}/connect`);
    for (let count = 0; count < 100; count++)
      assert.equal((await fetch(`${url}/nothing`, { headers: LONG_NAME })).status, 404);
    const exited = once(child, 'exit');
    child.kill('SIGTERM');
    assert.deepEqual(await exited, [0, null]);
  });

  test('goes on with a log whose reader went away, and writes again when a new one comes', async (t) => {
    const pipe = pipeFor(t);
    const end = pipe.openEnd();
    t.after(() => closeSync(end));
    const server = await serverFor(t, { args: WITH_ADMIN, spawn: { stdio: ['ignore', 'pipe', end] } });
    pipe.closeAll();
    const readDropped = async () => (await readMetrics(server)).get(DROPPED) ?? 0;
    await sendNoise(server, async () => (await readDropped()) > 0);
    const reader = openSync(pipe.path, O_RDONLY | O_NONBLOCK);
    t.after(() => closeSync(reader));
    await sendNoise(server, () => Promise.resolve(true));
    const log = readAll(reader);
    assert.match(log, /^\{.*"event":"log\.dropped","lines":\d+\}$/m);
    assert.equal(await server.stop(), 0);
  });
});

describe('a log on a full disk', () => {
  test('costs lines, and they are counted', async (t) => {
    if (!existsSync('/dev/full')) return t.skip('this system has no /dev/full');
    const full = openSync('/dev/full', 'w');
    t.after(() => closeSync(full));
    const server = await serverFor(t, { args: WITH_ADMIN, spawn: { stdio: ['ignore', 'pipe', full] } });
    await fetch(`${server.url}/nothing`);
    const metrics = await readMetrics(server);
    assert.equal(metrics.get(DROPPED), 2);
    assert.equal(metrics.get('keyfob_log_lines_total{outcome="written"}'), 0);
    assert.equal(await server.stop(), 0);
  });
});

describe('noise of strangers', () => {
  test('leaves a limited number of lines, and their number', async (t) => {
    const server = await serverFor(t, { args: ['--admin-port', '0'] });
    await sendNoise(server, () => Promise.resolve(true));
    const counted = await readMetrics(server);
    assert.equal(counted.get('keyfob_log_events_total{event="request.refused",reason="path_unknown"}'), 50);
    assert.equal(counted.get('keyfob_log_lines_total{outcome="left_out"}'), 30);
    assert.equal(await server.stop(), 0);
    const lines = server
      .log()
      .split('\n')
      .filter((line) => line.includes('path_unknown'));
    assert.equal(lines.length, 21);
    assert.match(
      lines.at(-1) ?? '',
      /"event":"log\.left_out","of":"request\.refused","reason":"path_unknown","lines":30/,
    );
  });
});

describe('a server that npm started', () => {
  test('stops when the shell between ends, and with it nothing passes signals on', async (t) => {
    const words = ['-c', '"$@"; exit', 'sh', process.execPath, KEYFOB_BIN, 'serve', '--port', '0', '--json'];
    const env = { ...process.env, npm_lifecycle_event: 'npx', KEYFOB_DATA: directoryFor(t) };
    const shell = spawn('sh', words, { env, stdio: ['ignore', 'pipe', 'ignore'] });
    const lines = createInterface({ input: shell.stdout });
    const [line] = (await once(lines, 'line')) as [string];
    const { pid } = JSON.parse(line) as { pid: number };
    assert.notEqual(pid, shell.pid);
    t.after(() => endQuietly(pid));
    // Standard output ends when the server does.
    const ended = once(lines, 'close');
    shell.kill('SIGTERM');
    await ended;
  });
});

describe('a command whose output cannot be written', () => {
  test('ends quietly with 0 when its reader has enough', async (t) => {
    const directory = directoryFor(t);
    await runOn(directory, 'client', 'create', '--create-store', '--dialect', 'smartcar');
    for (const words of [
      ['client', 'list', '--data', directory],
      ['events', '--data', directory],
      ['--help'],
    ]) {
      const child = spawn(process.execPath, [KEYFOB_BIN, ...words], { stdio: ['ignore', 'pipe', 'pipe'] });
      child.stdout.destroy();
      const [ended, stderr] = await Promise.all([once(child, 'exit'), readText(child.stderr)]);
      assert.deepEqual([...ended, stderr], [0, null, ''], words.join(' '));
    }
  });

  test('fails if it shows a secret only once, and says what to do', async (t) => {
    const directory = directoryFor(t);
    const made = await runOn(
      directory,
      'client',
      'create',
      '--create-store',
      '--dialect',
      'smartcar',
      '--json',
    );
    const { clientId } = JSON.parse(made.stdout) as MadeClient;
    const cases: readonly (readonly [readonly string[], RegExp])[] = [
      [['client', 'create', '--create-store', '--dialect', 'smartcar'], /keyfob client remove/],
      [['client', 'secret', 'add', clientId], /keyfob client secret remove/],
      [['grant', 'create', '--client', clientId, '--subject', 'owner-1'], /keyfob grant revoke/],
      [['webhook', 'add', '--url', 'https://a.example/hook'], /keyfob webhook show/],
    ];
    for (const [words, remedy] of cases) {
      const child = spawn(process.execPath, [KEYFOB_BIN, ...words, '--json', '--data', directory], {
        stdio: ['ignore', 'pipe', 'pipe'],
      });
      child.stdout.destroy();
      const [[code], stderr] = await Promise.all([once(child, 'exit'), readText(child.stderr)]);
      const error = errorOf({ code: 1, stdout: '', stderr });
      assert.deepEqual([code, error.code], [1, 'secret_not_shown'], stderr);
      assert.match(error.remedy ?? '', remedy);
    }
  });

  test('fails on a full disk', async (t) => {
    if (!existsSync('/dev/full')) return t.skip('this system has no /dev/full');
    const full = openSync('/dev/full', 'w');
    t.after(() => closeSync(full));
    for (const [words, code] of [
      [['--help'], 'output_failed'],
      [['keys', 'create'], 'secret_not_shown'],
    ] as const) {
      const child = spawn(process.execPath, [KEYFOB_BIN, ...words, '--json'], {
        stdio: ['ignore', full, 'pipe'],
      });
      const [[exit], stderr] = await Promise.all([
        once(child, 'exit'),
        readText(child.stderr ?? assert.fail()),
      ]);
      const error = errorOf({ code: 1, stdout: '', stderr });
      assert.deepEqual([exit, error.code], [1, code]);
      assert.match(error.message, /ENOSPC/);
    }
  });
});
