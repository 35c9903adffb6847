import assert from 'node:assert/strict';
import test from 'node:test';
import { createGrantIn } from '@keyfob/sandbox';
import { call, openSandbox } from './support.ts';
import { refresh } from './requests.ts';

const send = (url: string, body: string, headers: Readonly<Record<string, string>> = {}): Promise<Response> =>
  fetch(url, {
    method: 'POST',
    redirect: 'manual',
    headers: { 'content-type': 'application/x-www-form-urlencoded', ...headers },
    body,
  });

test('a form of another site, or one that does not say where it comes from, changes nothing', async (t) => {
  const sandbox = await openSandbox(t);
  const world = await sandbox.createWorld({ clock: '2026-01-01' });
  const advance = `${sandbox.url}/_sandbox/page/${world.id}/advance`;
  for (const [origin, status] of [
    ['https://evil.example', 403],
    ['null', 403],
    ['http://127.0.0.1:1', 403],
  ] as const)
    assert.equal((await send(advance, 'by=P1D', { origin })).status, status, origin);
  assert.equal((await send(advance, 'by=P1D')).status, 403, 'no origin');
  const asText = await send(advance, 'by=P1D', { origin: sandbox.url, 'content-type': 'text/plain' });
  assert.equal(asText.status, 415);
  assert.equal(world.clock.now(), Date.parse('2026-01-01'));

  const own = await send(advance, 'by=P1D', { origin: sandbox.url });
  assert.equal(own.status, 303);
  assert.equal(world.clock.now(), Date.parse('2026-01-02'));
});

test('a page forbids scripts of others, frames and caches, and loads nothing from elsewhere', async (t) => {
  const { url } = await openSandbox(t);
  const response = await fetch(`${url}/_sandbox/`);
  const policy = response.headers.get('content-security-policy') ?? '';
  assert.match(policy, /default-src 'none'/);
  assert.doesNotMatch(policy, /unsafe|\*/);
  assert.equal(response.headers.get('x-frame-options'), 'DENY');
  assert.equal(response.headers.get('cache-control'), 'no-store');
  const page = await response.text();
  assert.doesNotMatch(page, /<script(?![^>]* src="\/)|\son\w+=|style=/);
  assert.doesNotMatch(page, /(?:src|href)="https?:/);
});

test('no token is in a page, and what a client sends is text in it', async (t) => {
  const sandbox = await openSandbox(t);
  const world = await sandbox.createWorld({ clock: '2026-01-01' });
  const pair = await createGrantIn(world, { subject: '<script>alert(1)</script>' });
  await refresh(world, pair.refreshToken);
  await fetch(`${world.url}/oauth/"><img src=x>?token=${pair.refreshToken}`, {
    headers: { 'user-agent': '<b>' },
  });
  for (const place of [`/page/${world.id}`, `/page/${world.id}/grants/g1`]) {
    const text = await (await fetch(`${sandbox.url}/_sandbox${place}`)).text();
    assert.match(text, /&lt;script&gt;alert/);
    assert.doesNotMatch(text, /<script>alert|<img/);
    for (const token of [pair.refreshToken, pair.accessToken]) assert.ok(!text.includes(token), place);
  }
});

test('what a form did is shown in its own world only', async (t) => {
  const sandbox = await openSandbox(t);
  const [one, other] = await Promise.all([sandbox.createWorld(), sandbox.createWorld()]);
  const answer = await send(`${sandbox.url}/_sandbox/page/${one.id}/grants`, 'subject=owner-1', {
    origin: sandbox.url,
  });
  const location = answer.headers.get('location') ?? '';
  const shown = await (await fetch(`${sandbox.url}${location}`)).text();
  assert.match(shown, /g1 was created/);
  const elsewhere = await fetch(`${sandbox.url}${location.replace(one.id, other.id)}`);
  assert.doesNotMatch(await elsewhere.text(), /g1 was created/);
});

test('says for each refresh token what it would cause, as holds does', async (t) => {
  const sandbox = await openSandbox(t);
  const world = await sandbox.createWorld({ clock: '2026-01-01' });
  const first = await createGrantIn(world);
  await refresh(world, first.refreshToken);
  const response = await fetch(`${sandbox.url}/_sandbox/worlds/${world.id}/grants/g1/tokens`);
  const { tokens } = (await response.json()) as {
    readonly tokens: readonly {
      readonly token: string;
      readonly wouldBe: string;
      readonly current: boolean;
    }[];
  };
  assert.deepEqual(
    tokens.map(({ token, wouldBe, current }) => [token, wouldBe, current]),
    [
      ['g1/1', 'rotate', true],
      ['g1/0', 'repeat', false],
    ],
  );
});

test('a grant is to be reinstated only where that works', async (t) => {
  const sandbox = await openSandbox(t);
  const world = await sandbox.createWorld({ clock: '2026-01-01' });
  for (const [by, grant, status] of [
    ['operator', 'g1', 200],
    ['owner', 'g2', 409],
  ] as const) {
    await createGrantIn(world);
    const change = (verb: string, body = {}) =>
      call(sandbox.url, 'POST', `/worlds/${world.id}/grants/${grant}/${verb}`, body);
    assert.equal((await change('revoke', { by })).status, 200);
    const text = await (await fetch(`${sandbox.url}/_sandbox/page/${world.id}/grants/${grant}`)).text();
    assert.equal(text.includes('Reinstate it'), status === 200, by);
    assert.equal(text.includes('only a new consent connects them again'), status !== 200, by);
    assert.equal((await change('reinstate')).status, status, by);
  }
});

test('an address where there is no page, or no world, is answered by a page that says so', async (t) => {
  const { url } = await openSandbox(t);
  for (const place of ['/page/nowhere', '/page/default/grants/g9', '/page/default/nothing']) {
    const response = await fetch(`${url}/_sandbox${place}`);
    assert.equal(response.status, 404, place);
    assert.match(await response.text(), /Not there/);
  }
  assert.equal((await fetch(`${url}/_sandbox/`, { method: 'DELETE' })).status, 405);
});
