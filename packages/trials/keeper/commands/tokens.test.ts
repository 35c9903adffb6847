import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { openCommandWorld, spawnCommand } from './command-world.ts';

type Failed = {
  readonly error: { readonly code: string; readonly message: string; readonly remedy: string };
};

test('tokens that are put come back alone on standard output, and are refreshed when they have ended', async (scope) => {
  const { run, spawn, ask, consent, world } = await openCommandWorld(scope);
  const answer = await consent('smartcar');
  const given = JSON.parse(answer) as { access_token: string; refresh_token: string };
  assert.deepEqual(await ask(['put', 'vin:1', '--client', 'sc'], answer), {
    name: 'vin:1',
    client: 'sc',
    status: 'new',
  });
  const first = await spawn(['token', 'vin:1']);
  assert.deepEqual(first, { code: 0, out: `${given.access_token}\n`, errors: '' });
  // A refresh token alone: the access token is fetched when it is asked for.
  const { refresh_token: alone } = JSON.parse(await consent('pleos')) as { refresh_token: string };
  const put = await run(['put', 'vin:2', '--client', 'pl', '--param', 'brand=hyundai'], `${alone}\n`);
  assert.equal(put.out, 'vin:2: kept\n');
  const second = await run(['token', 'vin:2']);
  assert.equal(second.code, 0, second.errors);
  assert.match(second.out, /^[A-Za-z0-9]{428}\n$/);
  const shown = await run(['show', 'vin:2']);
  assert.match(shown.out, /^vin:2\nIt is good: the access token works for (?:1 h|59 min)/);
  assert.match(shown.out, /generation {2,}2\n/);
  assert.match(shown.out, /usable {2,}200  +\d+ +\S+/);
  const list = await run(['ls', '--client', 'pl']);
  assert.match(list.out, /^NAME {3}CLIENT.*\nvin:2 {2}pl {6}active/);
  assert.equal(world.journal.read({ endpoint: 'token' }).requests.length, 1);
  for (const { out } of [put, shown, list])
    assert.ok(![alone, given.refresh_token].some((one) => out.includes(one)));
});

test('what cannot be done says why, with a remedy, and the exit code tells trouble from a mistake', async (scope) => {
  const { run } = await openCommandWorld(scope);
  const failures: readonly (readonly [readonly string[], string, number, string, RegExp])[] = [
    [['token', 'vin:none'], '', 1, 'store_missing', /Put or import a connection first/],
    [['put', 'vin:1', '--client', 'sc'], 'not a token', 1, 'tokens_unreadable', /as it came/],
    [['put', 'vin:1', '--client', 'sc'], '["r"]', 1, 'tokens_unreadable', /as it came/],
    [['put', 'vin:1', '--client', 'sc'], '<html>502</html>', 1, 'tokens_unreadable', /as it came/],
    [['put', 'vin:1', '--client', 'nobody'], 'r', 2, 'client_unknown', /sc, pl/],
    [['put', 'vin:1'], 'r', 2, 'usage', /--help/],
    [['put', 'vin:1', '--client', 'pl'], 'r', 2, 'param_missing', /--param brand=VALUE/],
    [['show', 'vin:none'], '', 1, 'connection_unknown', /keyfob-keeper ls/],
    [['token', 'vin:none'], '', 1, 'connection_unknown', /keyfob-keeper ls/],
    [['ls', '--limit', '0'], '', 2, 'usage', /--help/],
    [['init', '--key-file', 'missing/keeper.key'], '', 1, 'file_refused', /Create its directory/],
  ];
  for (const [words, input, code, name, remedy] of failures) {
    const ended = await run([...words, '--json'], input);
    const { error } = JSON.parse(ended.errors) as Failed;
    assert.deepEqual([ended.code, error.code, ended.out], [code, name, ''], words.join(' '));
    assert.match(error.remedy, remedy);
  }
});

test('a new user writes settings and a key with one command, and is led from there', async (scope) => {
  const directory = mkdtempSync(join(tmpdir(), 'keeper-init-'));
  scope.after(() => rmSync(directory, { recursive: true, force: true }));
  const before = await spawnCommand(directory, ['ls']);
  assert.equal(before.code, 2);
  assert.match(before.errors, /Run "keyfob-keeper init"/);
  const init = await spawnCommand(directory, ['init', '--provider', 'smartcar', '--client-id', 'id']);
  assert.match(init.out, /wrote keyfob-keeper\.json\nwrote keeper\.key/);
  const environment = { SMARTCAR_CLIENT_SECRET: 'hush' };
  const put = await spawnCommand(directory, ['put', 'vin:1'], { environment, input: 'r1' });
  assert.equal(put.out, 'vin:1: kept\n');
  const again = await spawnCommand(directory, ['init']);
  assert.equal(again.code, 1);
  assert.match(again.errors, /exists/);
});
