import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import type { TestContext } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { FAKE_CLOCK_MISSING, movedClock } from '../support/fake-clock.ts';
import { makeDataDirectory, removeDataDirectory, runKeyfob, startKeyfob } from '../support/keyfob-process.ts';
import type { KeyfobServer, MadeClient, MadeGrant } from '../support/keyfob-process.ts';
import { refreshSmartcar } from '../support/refresh-request.ts';

type Home = {
  readonly dataDirectory: string;
  readonly environment: Readonly<Record<string, string>>;
  /** Sets the wall clock of every program of this home, as in `+200d`. The monotonic clock stays. */
  set(offset: string): void;
};

/** A data directory, and a wall clock that the test sets. */
const makeHome = (t: TestContext): Home => {
  const dataDirectory = makeDataDirectory();
  t.after(() => removeDataDirectory(dataDirectory));
  const file = join(dataDirectory, 'faketime');
  const set = (offset: string): void => writeFileSync(file, `${offset}\n`);
  set('+0');
  return {
    dataDirectory,
    set,
    environment: movedClock(file),
  };
};

const serve = async (t: TestContext, { dataDirectory, environment }: Home): Promise<KeyfobServer> => {
  const server = await startKeyfob({ dataDirectory, environment });
  t.after(() => server.kill());
  return server;
};

type Made = MadeClient & MadeGrant;
type GrantList = { readonly grants: readonly { readonly status: string }[] };

const makeGrant = async (server: KeyfobServer): Promise<Made> => {
  const words = ['client', 'create', '--dialect', 'smartcar', '--name', 'a'];
  const client = await server.command<MadeClient>(...words);
  const owner = ['--client', client.clientId, '--subject', 'a', '--scope', 'read_vin'];
  return { ...client, ...(await server.command<MadeGrant>('grant', 'create', ...owner)) };
};

/** Refreshes, and answers the next refresh token. */
const refreshed = async ({ url }: KeyfobServer, client: MadeClient, token: string): Promise<string> => {
  const answer = await refreshSmartcar(url, client, token);
  assert.equal(answer.status, 200, answer.text);
  return answer.refreshToken;
};

/** Introspects a token of the client's own, and answers the status. */
const isActive = async (
  { url }: KeyfobServer,
  { clientId, clientSecret }: MadeClient,
  token: string,
): Promise<boolean> => {
  const authorization = `Basic ${Buffer.from(`${clientId}:${clientSecret}`).toString('base64')}`;
  const body = new URLSearchParams({ token });
  const response = await fetch(`${url}/oauth/introspect`, {
    method: 'POST',
    headers: { authorization },
    body,
  });
  return ((await response.json()) as { readonly active: boolean }).active;
};

const untilLogged = async (server: KeyfobServer, event: string): Promise<void> => {
  while (!server.log().includes(`"${event}"`)) await delay(50);
};

describe('a wrong clock', { skip: FAKE_CLOCK_MISSING }, () => {
  test('A server that starts 70 days behind goes on, and so does the one that starts at the true time.', async (t) => {
    const home = makeHome(t);
    let server = await serve(t, home);
    const made = await makeGrant(server);
    let token = await refreshed(server, made, made.refreshToken);
    assert.equal(await server.stop(), 0);
    home.set('-70d');
    server = await serve(t, home);
    await untilLogged(server, 'clock.contradicted');
    token = await refreshed(server, made, token);
    assert.equal(await server.stop(), 0);
    home.set('+0');
    server = await serve(t, home);
    await refreshed(server, made, token);
  });

  test('A clock that jumps 200 days ahead ends no grant, not even by a prune; a step back settles it.', async (t) => {
    const home = makeHome(t);
    const server = await serve(t, home);
    const made = await makeGrant(server);
    const token = await refreshed(server, made, made.refreshToken);
    home.set('+200d');
    assert.equal(await isActive(server, made, made.accessToken), false);
    assert.equal(await isActive(server, made, token), true);
    const list = ['grant', 'list', '--json', '--data', home.dataDirectory];
    const { stdout } = await runKeyfob(list, home.environment);
    assert.equal((JSON.parse(stdout) as GrantList).grants[0]?.status, 'in_doubt');
    const ahead = await refreshed(server, made, token);
    await untilLogged(server, 'clock.jumped');
    const pruning = ['prune', '--older-than-days', '0', '--data', home.dataDirectory];
    const refused = await runKeyfob(pruning, home.environment);
    assert.equal(refused.code, 1);
    assert.match(refused.stderr, /days before; if the clock is ahead.*\n?.*--force/);
    home.set('+0');
    const next = await refreshed(server, made, ahead);
    await untilLogged(server, 'clock.settled');
    assert.equal(await isActive(server, made, made.accessToken), true);
    await refreshed(server, made, next);
  });

  test('A retry across a step of 300 seconds revokes nothing.', async (t) => {
    const home = makeHome(t);
    home.set('-300');
    const server = await serve(t, home);
    const made = await makeGrant(server);
    const next = await refreshed(server, made, made.refreshToken);
    home.set('+0');
    const again = await refreshSmartcar(server.url, made, made.refreshToken);
    assert.ok([200, 400].includes(again.status), again.text);
    await refreshed(server, made, next);
  });
});
