import assert from 'node:assert/strict';
import { cpSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { openKeeper, parseKeys, smartcar, sqliteStore } from '@keyfob/keeper';
import { armFault, createGrantIn } from '@keyfob/sandbox';
import { openCommandWorld } from './command-world.ts';

type Refreshed = { readonly outcome: string; readonly reason: string; readonly why: string };

test('refresh works beside a keeper that serves the same file, and one token is sent once', async (scope) => {
  const { spawn, ask, world, directory } = await openCommandWorld(scope);
  const { clientId, clientSecret } = world.clients.find('smartcar') ?? { clientId: '', clientSecret: '' };
  await using keeper = await openKeeper({
    store: sqliteStore(join(directory, 'keeper.db')),
    keys: parseKeys([Buffer.alloc(32, 7).toString('base64url')]),
    clients: { sc: smartcar({ clientId, clientSecret, origin: world.url }) },
  });
  const { refreshToken } = await createGrantIn(world, { client: 'smartcar' });
  await keeper.put('vin:1', 'sc', { refreshToken });
  const [fromCommand, fromKeeper] = await Promise.all([spawn(['token', 'vin:1']), keeper.token('vin:1')]);
  assert.equal(fromCommand.out, `${fromKeeper}\n`, fromCommand.errors);
  assert.equal(world.journal.read({ endpoint: 'token' }).requests.length, 1);
  assert.equal((await ask<Refreshed>(['refresh', 'vin:1'])).outcome, 'refreshed');
  const token = await keeper.token('vin:1', { rejected: fromKeeper });
  assert.notEqual(token, fromKeeper);
});

test('refresh explains why not, events say what happened, and forecast counts what comes', async (scope) => {
  const { run, consent, world, ask } = await openCommandWorld(scope);
  await run(['put', 'vin:1', '--client', 'sc'], await consent('smartcar'));
  armFault(world, { do: { status: 401, body: '{"error":"invalid_client"}' } });
  const refused = await run(['refresh', 'vin:1']);
  assert.equal(refused.code, 1);
  assert.match(refused.out, /^vin:1: later\nThe provider refuses the client: .*tried again in/);
  const events = await run(['events']);
  assert.match(
    events.out,
    /client\.misconfigured\n {2}The provider refuses the client sc \(invalid_client\)\./,
  );
  const forecast = await run(['forecast', '--days', '70']);
  assert.match(forecast.out, /^DAY +REFRESHES +ENDS\n/);
  assert.match(forecast.out, /\d{4}-\d\d-\d\d {2} +1 {2}#{28}/);
  assert.match(forecast.out, /the busiest day is \d{4}-/);
  const ended = await ask<{ readonly wasConnected: boolean }>(['disconnect', 'vin:1']);
  assert.equal(ended.wasConnected, true);
  assert.equal((await run(['disconnect', 'vin:1'])).code, 1);
});

test('show says what the provider must still be asked for a closed connection', async (scope) => {
  const { run, ask, directory } = await openCommandWorld(scope);
  const origin = 'http://127.0.0.1:9';
  await using keeper = await openKeeper({
    store: sqliteStore(join(directory, 'keeper.db')),
    keys: parseKeys([Buffer.alloc(32, 7).toString('base64url')]),
    clients: {
      sc: smartcar({ clientId: 'fleet', clientSecret: 'secret', origin, revocationUrl: `${origin}/revoke` }),
    },
    isScheduling: false,
  });
  await keeper.put('vin:1', 'sc', { refreshToken: 'a-refresh-token' });
  assert.equal(await keeper.disconnect('vin:1'), 'pending');
  const shown = await run(['show', 'vin:1']);
  assert.match(shown.out, /^vin:1\nThe connection was disconnected here .*must still be\s+revoked/);
  assert.deepEqual([shown.code, shown.errors], [0, '']);
  const { state, revocation } = await ask<{
    readonly state: string;
    readonly revocation: { readonly tries: number };
  }>(['show', 'vin:1']);
  assert.deepEqual([state, revocation.tries], ['closed', 1]);
});

test('a copy sends nothing until it is adopted, and a quarantine by hand holds', async (scope) => {
  const { run, consent, world, directory } = await openCommandWorld(scope);
  const { refresh_token: token } = JSON.parse(await consent('smartcar')) as { refresh_token: string };
  await run(['put', 'vin:1', '--client', 'sc'], token);
  mkdirSync(join(directory, 'staging'));
  cpSync(join(directory, 'keeper.db'), join(directory, 'staging', 'keeper.db'));
  const staging = { KEEPER_STORE: join(directory, 'staging', 'keeper.db') };
  const before = await run(['token', 'vin:1', '--wait', '0'], '', staging);
  assert.deepEqual([before.code, before.out], [1, '']);
  assert.match((await run(['refresh', 'vin:1'], '', staging)).out, /Nothing is sent: this store is a copy/);
  assert.equal((await run(['adopt'], '', staging)).code, 2);
  assert.equal(world.journal.read({ endpoint: 'token' }).requests.length, 0);
  assert.equal((await run(['adopt', '--i-am-the-only-copy'], '', staging)).code, 0);
  assert.equal((await run(['token', 'vin:1'], '', staging)).code, 0);

  assert.match((await run(['quarantine'])).out, /sends nothing/);
  assert.match((await run(['refresh', 'vin:1'])).out, /put in quarantine by hand/);
  assert.equal(world.journal.read({ endpoint: 'token' }).requests.length, 1);
});

test('rekey seals everything with the first key, and doctor says when the old one can go', async (scope) => {
  const { run, ask, consent, directory } = await openCommandWorld(scope);
  await run(['put', 'vin:1', '--client', 'sc'], await consent('smartcar'));
  const keys = [8, 7].map((byte) => Buffer.alloc(32, byte).toString('base64url'));
  writeFileSync(join(directory, 'keys'), keys.join('\n'), { mode: 0o600 });
  const both = { KEEPER_KEY: '', KEEPER_KEY_FILE: join(directory, 'keys') };
  assert.match((await run(['doctor'], '', both)).out, /sealed with an older key: 1 of the grants/);
  assert.equal((await run(['rekey'], '', both)).out, '1 sealed anew\n');
  assert.match((await run(['doctor'], '', both)).out, /old keys +1 given, and not needed/);
  assert.equal((await run(['token', 'vin:1'], '', { KEEPER_KEY: keys[0] ?? '' })).code, 0);
  await assert.rejects(ask(['token', 'vin:1']), /key_wrong/);
});
