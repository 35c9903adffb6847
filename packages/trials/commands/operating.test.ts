import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, renameSync } from 'node:fs';
import { once } from 'node:events';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { KEYFOB_BIN, runKeyfob } from '../support/keyfob-process.ts';
import { directoryFor, runOn } from '../support/test-directory.ts';
import type { Scope } from '../support/test-directory.ts';

type Found = { readonly check: string; readonly verdict: string; readonly finding: string };

/** A data directory with a store in it. */
const storeFor = async (scope: Scope): Promise<string> => {
  const directory = directoryFor(scope);
  const made = await runOn(directory, 'client', 'create', '--dialect', 'oauth', '--create-store');
  assert.equal(made.code, 0, made.stderr);
  return directory;
};

/** What "doctor" finds in one check. */
const examine = async (
  check: string,
  directory: string,
  environment: Readonly<Record<string, string>> = {},
): Promise<Found> => {
  const { stdout } = await runKeyfob(['doctor', '--json', '--data', directory], environment);
  const { findings } = JSON.parse(stdout) as { readonly findings: readonly Found[] };
  return findings.find((one) => one.check === check) ?? assert.fail(`no ${check}: ${stdout}`);
};

const isRoot = process.getuid?.() === 0;
/** How `script` of util-linux runs a command on a terminal of its own. */
const hasScript = spawnSync('script', ['--version']).error === undefined;

describe('"doctor" on a machine that is not as it should be', () => {
  test('a wrong directory is recognised, and the right one beside it is named', async (t) => {
    const directory = await storeFor(t);
    const inside = join(directory, 'backups');
    mkdirSync(inside, { mode: 0o700 });
    const { verdict, finding } = await examine('data', inside);
    assert.deepEqual([verdict, finding], ['fail', `${inside} has no store; there is one in ${directory}`]);
    assert.equal(
      (await examine('data', join(inside, 'none'))).finding,
      `${join(inside, 'none')} does not exist`,
    );
    const above = directoryFor(t);
    renameSync(directory, join(above, 'data'));
    assert.match(
      (await examine('data', above)).finding,
      new RegExp(`has no store; there is one in ${above}/data$`),
    );
    renameSync(join(above, 'data'), directory);
    assert.deepEqual((await examine('data', directory)).verdict, 'ok');
  });

  test('a directory and a store that this user may not write are named', async (t) => {
    if (isRoot) return t.skip('root may write everywhere');
    const directory = await storeFor(t);
    chmodSync(join(directory, 'keyfob.db'), 0o400);
    assert.match((await examine('rights', directory)).finding, /keyfob\.db cannot be written by this user/);
    chmodSync(directory, 0o500);
    assert.match((await examine('data', directory)).finding, /cannot be used by this user/);
    chmodSync(directory, 0o700);
  });

  for (const [environment, verdict, finding] of [
    [{}, 'ok', /this machine only/],
    [{ KEYFOB_HOST: '0.0.0.0' }, 'warn', /unencrypted/],
    [{ KEYFOB_PUBLIC_URL: 'https://cars.example' }, 'ok', /TLS ends at the proxy/],
    [{ KEYFOB_PUBLIC_URL: 'http://cars.example', KEYFOB_INSECURE_PUBLIC_URL: 'true' }, 'warn', /is http/],
  ] as const)
    test(`TLS with ${JSON.stringify(environment)}: ${verdict}`, async (t) => {
      const found = await examine('tls', await storeFor(t), environment);
      assert.equal(found.verdict, verdict);
      assert.match(found.finding, finding);
    });
});

describe('what an operator sees', () => {
  test('"prune --dry-run" counts what "prune" removes, and removes nothing', async (t) => {
    const directory = await storeFor(t);
    const list = await runOn(directory, 'client', 'list', '--json');
    const [client] = (JSON.parse(list.stdout) as { clients: readonly { clientId: string }[] }).clients;
    for (const subject of ['a', 'b'])
      await runOn(directory, 'grant', 'create', '--client', client?.clientId ?? '', '--subject', subject);
    const found = JSON.parse((await runOn(directory, 'grant', 'list', '--json')).stdout) as {
      readonly grants: readonly { readonly grantId: string; readonly createdAt: string }[];
    };
    assert.match(found.grants[0]?.createdAt ?? '', /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
    await runOn(directory, 'grant', 'revoke', found.grants[0]?.grantId ?? '');
    const prune = ['prune', '--older-than-days', '0'] as const;
    // What ended in this second ends with it.
    let counted = '';
    while (!counted.startsWith('would remove 1'))
      counted = (await runOn(directory, ...prune, '--dry-run')).stdout;
    assert.equal(counted, 'would remove 1 of 2 grants, and 0 grant events\n');
    // Of a grant each the event of its creation, and of one the revocation.
    const short = { KEYFOB_GRANT_EVENT_DAYS: '0', KEYFOB_ENDED_GRANT_DAYS: '0' };
    const runShort = (...words: readonly string[]) => runKeyfob([...words, '--data', directory], short);
    assert.equal(
      (await runShort('prune', '--dry-run')).stdout,
      'would remove 1 of 2 grants, and 3 grant events\n',
    );
    assert.match((await runShort('doctor')).stdout, /until they are delivered, ended grants at least 0 days/);
    assert.equal((await runShort('prune')).stdout, 'removed 1 of 2 grants, and 3 grant events\n');
    assert.equal((await runShort('events')).stdout, '');
  });

  test('the log of "serve" is lines for people on a terminal, and JSON in a pipe', async (t) => {
    if (!hasScript) return t.skip('script (util-linux) is not installed');
    const directory = await storeFor(t);
    const serve = `${process.execPath} ${KEYFOB_BIN} serve --port 0 --data ${directory}`;
    /** Everything that the terminal shows until the server listens. */
    const show = async (command: string): Promise<string> => {
      const child = spawn('script', ['-qec', command, '/dev/null'], { stdio: ['pipe', 'pipe', 'inherit'] });
      t.after(() => child.kill('SIGKILL'));
      let text = '';
      child.stdout.on('data', (chunk: Buffer) => (text += chunk.toString()));
      while (!(text.includes('server.listening') && text.includes('listens on')))
        await once(child.stdout, 'data');
      child.stdin.write('\u0003');
      await once(child, 'exit');
      return text;
    };
    assert.match(await show(serve), /^\S+Z {2}\p{Cc}\[36mserver\.listening.*url http:\/\/127/mu);
    assert.match(await show(`NO_COLOR=1 ${serve}`), /^\S+Z {2}server\.listening .*url http:\/\/127/m);
    const piped = await show(`${serve} 2>&1 >/dev/null | sed -u 's/$/ listens on/'`);
    assert.match(piped, /^\{"level":30,"time":"[^"]+","event":"server\.listening"/m);
  });
});
