import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import test from 'node:test';
import { fileURLToPath } from 'node:url';
import { SCENARIOS } from '@keyfob/sandbox';
import { runCommand } from '../support/run-command.ts';

const BIN = fileURLToPath(new URL('../../sandbox/bin/keyfob-sandbox.js', import.meta.url));
const run = (...args: readonly string[]) => runCommand(process.execPath, [BIN, ...args]);

test('the command lists every scenario, as text and as JSON', async () => {
  const [text, json] = await Promise.all([run('scenarios'), run('scenarios', '--json')]);
  assert.deepEqual([text.code, json.code], [0, 0]);
  for (const { name, serverDoes, clientDoes, source } of SCENARIOS)
    for (const part of [name, serverDoes, clientDoes, source]) assert.ok(text.stdout.includes(part), part);
  const { scenarios } = JSON.parse(json.stdout) as {
    readonly scenarios: readonly { readonly name: string }[];
  };
  assert.deepEqual(
    scenarios.map(({ name }) => name),
    SCENARIOS.map(({ name }) => name),
  );
});

test('an unknown scenario, and one that the dialect does not have, are usage errors', async () => {
  const [unknown, other] = await Promise.all([
    run('--port', '0', '--scenario', 'rase'),
    run('--port', '0', '--scenario', 'expires-in-odd', '--dialect', 'pleos'),
  ]);
  assert.deepEqual([unknown.code, other.code], [2, 2]);
  assert.match(unknown.stderr, /there is no scenario rase, did you mean race\?/);
  assert.match(other.stderr, /the dialect pleos has no scenario expires-in-odd/);
});

test('a sandbox that is started with a scenario has its grant, and its commands meet the fault', async (t) => {
  const child = spawn(process.execPath, [BIN, '--port', '0', '--json', '--scenario', 'lost-answer-after'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  t.after(() => child.kill());
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const read = async () =>
    JSON.parse(String((await lines.next()).value)) as Readonly<Record<string, unknown>>;
  const listening = await read();
  assert.equal(listening['event'], 'listening');
  const started = await read();
  assert.deepEqual([started['event'], started['name']], ['scenario', 'lost-answer-after']);
  const { clientId, clientSecret } = started['client'] as Readonly<Record<string, string>>;
  const [grant] = started['grants'] as readonly Readonly<Record<string, string>>[];
  const send = (): Promise<Response> =>
    fetch(`${String(started['url'])}/oauth/token`, {
      method: 'POST',
      headers: { authorization: `Basic ${btoa(`${clientId}:${clientSecret}`)}`, 'user-agent': 'trial/1' },
      body: new URLSearchParams({
        grant_type: 'refresh_token',
        refresh_token: grant?.['refreshToken'] ?? '',
      }),
    });
  await assert.rejects(send());
  assert.equal((await send()).status, 200);
  assert.deepEqual([(await read())['verdict'], (await read())['verdict']], ['rotate', 'repeat']);
  child.kill('SIGTERM');
  assert.deepEqual(await once(child, 'exit'), [0, null]);
});

test('the text of a scenario has a command that can be pasted', async (t) => {
  const child = spawn(
    process.execPath,
    [BIN, '--port', '0', '--scenario', 'gateway-html', '--dialect', 'pleos'],
    {
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  );
  t.after(() => child.kill());
  let text = '';
  child.stdout.setEncoding('utf8').on('data', (part: string) => (text += part));
  while (!text.includes('Stop with Ctrl-C.')) await once(child.stdout, 'data');
  assert.match(text, /Scenario gateway-html, for the client pleos:/);
  const command = text.slice(text.indexOf('curl'), text.indexOf('Read what happened'));
  const pasted = await runCommand('bash', ['-c', command]);
  assert.match(pasted.stdout, /502 Bad Gateway/);
});
