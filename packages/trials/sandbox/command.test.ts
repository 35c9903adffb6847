import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { describe, test } from 'node:test';
import { openSandbox } from './support.ts';

const COMMAND = fileURLToPath(new URL('../../sandbox/bin/keyfob-sandbox.js', import.meta.url));

const run = async (
  ...options: readonly string[]
): Promise<{ readonly code: number | null; readonly out: string; readonly errors: string }> => {
  const child = spawn(process.execPath, [COMMAND, ...options], { stdio: ['ignore', 'pipe', 'pipe'] });
  const [out, errors, [code]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'close') as Promise<[number | null]>,
  ]);
  return { code, out, errors };
};

test('the command says where it listens, serves, and ends with a signal', async () => {
  const child = spawn(process.execPath, [COMMAND, '--port', '0', '--json', '--clock', '2026-01-01'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [first] = (await once(child.stdout, 'data')) as [Buffer];
  const { event, url } = JSON.parse(first.toString()) as { readonly event: string; readonly url: string };
  assert.equal(event, 'listening');
  const clock = (await (await fetch(`${url}/_sandbox/worlds/default/clock`)).json()) as {
    readonly now: string;
    readonly mode: string;
  };
  assert.deepEqual([clock.now, clock.mode], ['2026-01-01T00:00:00.000Z', 'frozen']);
  child.kill('SIGTERM');
  const [code] = (await once(child, 'close')) as [number | null];
  assert.equal(code, 0);
});

test('the printed commands work when pasted', async () => {
  const child = spawn(process.execPath, [COMMAND, '--port', '0'], { stdio: ['ignore', 'pipe', 'inherit'] });
  let out = '';
  child.stdout.setEncoding('utf8').on('data', (part: string) => (out += part));
  while (!out.includes('Ctrl-C')) await once(child.stdout, 'data');
  const lines = out.split('\n').filter((line) => line.startsWith('curl '));
  const answers: string[] = [];
  for (const line of lines) answers.push(await text(spawn('bash', ['-c', `${line} --silent`]).stdout));
  child.kill('SIGTERM');
  await once(child, 'close');
  const [smartcar, pleos, advanced, fault, journal] = answers;
  assert.match(smartcar ?? '', /"refresh_token":/);
  assert.match(pleos ?? '', /"refreshToken":/);
  assert.match(advanced ?? '', /"happened":/);
  assert.match(fault ?? '', /"afterCommit"/);
  assert.match(journal ?? '', /"g1\/0"/);
  // A line for every request to the server.
  assert.match(out, /^\S+ POST \/oauth\/token g1\/0: rotate 200 -> g1\/1$/m);
});

describe('--exec runs a command with the variables of the sandbox', () => {
  const REFRESH = `node -e "fetch(process.env.SMARTCAR_AUTH_ORIGIN + '/oauth/token', { method: 'POST', body: 'grant_type=refresh_token' }).then(({ status }) => process.exit(status === 400 || status === 401 ? CODE : 9))"`;

  test('its exit code is passed on, and the requests are printed only if it failed', async () => {
    const [good, bad] = await Promise.all([
      run('--exec', REFRESH.replace('CODE', '0')),
      run('--exec', REFRESH.replace('CODE', '7')),
    ]);
    assert.deepEqual([good.code, good.out, good.errors], [0, '', '']);
    assert.equal(bad.code, 7);
    assert.match(bad.errors, /exited with 7 after 1 requests\n.*POST \/oauth\/token.*\n/);
  });

  test('the variables of another SDK', async () => {
    const { out } = await run('--environment', 'smartcar-python', '--exec', 'echo "$SMARTCAR_AUTH_ORIGIN"');
    assert.match(out, /\/oauth\/token\n$/);
    const unknown = await run('--environment', 'cobol', '--exec', 'true');
    assert.equal(unknown.code, 2);
    assert.match(unknown.errors, /Use one of smartcar-node/);
  });

  test('a signal reaches the command, also what its shell runs', async () => {
    const child = spawn(process.execPath, [COMMAND, '--exec', 'echo started; sleep 600; echo ended'], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    await once(child.stdout, 'data');
    child.kill('SIGTERM');
    const [code] = (await once(child, 'close')) as [number | null];
    assert.equal(code, 143);
  });
});

describe('A mistake is an error with its remedy', () => {
  test('a port that is taken', async (t) => {
    const { url } = await openSandbox(t);
    const { code, errors } = await run('--port', new URL(url).port, '--json');
    assert.equal(code, 1);
    const { error } = JSON.parse(errors) as { readonly error: Readonly<Record<string, string>> };
    assert.equal(error['code'], 'listen_failed');
    assert.match(error['remedy'] ?? '', /--port 0/);
  });

  test('a port that is none, and a clock that is none', async () => {
    const [port, clock] = await Promise.all([run('--port', '99999'), run('--port', '0', '--clock', 'noon')]);
    assert.deepEqual([port.code, clock.code], [2, 2]);
    assert.match(port.errors, /--port 99999 is not a port/);
    assert.match(clock.errors, /must be a moment such as 2026-01-01/);
  });

  test('an unknown option', async () => {
    const { code, errors } = await run('--prot', '0');
    assert.equal(code, 2);
    assert.match(errors, /--port/);
  });
});
