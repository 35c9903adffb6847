import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { TestContext } from 'node:test';
import { createGrantIn } from '@keyfob/sandbox';
import { sendRaw, writeRequest } from '../support/raw-request.ts';
import { call, openSandbox } from './support.ts';
import { refresh } from './requests.ts';

const statusOf = async (
  url: string,
  headers: Readonly<Record<string, string>>,
  method = 'POST',
): Promise<number> => {
  const bytes = writeRequest({
    method,
    target: '/_sandbox/worlds/default/reset',
    headers: { Connection: 'close', ...headers },
  });
  const [response] = await sendRaw(url, bytes);
  return response?.status ?? 0;
};

describe('The control API answers programs and its own pages only', () => {
  const cases: readonly (readonly [string, (url: string) => Readonly<Record<string, string>>, number])[] = [
    ['an address', (url) => ({ Host: new URL(url).host }), 200],
    ['localhost', () => ({ Host: 'localhost:1' }), 200],
    ['a name of a private network, as containers have', () => ({ Host: 'sandbox:8788' }), 200],
    ['a name that was allowed', () => ({ Host: 'sandbox.example.com' }), 200],
    ['a name of a stranger that resolves here', () => ({ Host: 'evil.example' }), 403],
    ['a page of its own', (url) => ({ Host: new URL(url).host, Origin: url }), 200],
    [
      'a form on a page of a stranger',
      (url) => ({ Host: new URL(url).host, Origin: 'https://evil.example' }),
      403,
    ],
    ['a page on another port', (url) => ({ Host: new URL(url).host, Origin: 'http://127.0.0.1:1' }), 403],
    ['a page from nowhere', (url) => ({ Host: new URL(url).host, Origin: 'null' }), 403],
  ];
  for (const [name, headersFor, status] of cases)
    test(name, async (t) => {
      const { url } = await openSandbox(t, { allowedHosts: ['sandbox.example.com'] });
      assert.equal(await statusOf(url, headersFor(url)), status);
    });

  test('no page of another origin may read an answer', async (t) => {
    const { url } = await openSandbox(t);
    const response = await fetch(`${url}/_sandbox/worlds`);
    assert.equal(response.headers.get('access-control-allow-origin'), null);
  });
});

const open = async (t: TestContext): Promise<string> => (await openSandbox(t)).url;

describe('An error of the control API says what to do', () => {
  const cases: readonly (readonly [
    string,
    'GET' | 'POST' | 'PUT' | 'DELETE',
    string,
    unknown,
    number,
    RegExp,
  ])[] = [
    [
      'a redirect that would add a header',
      'POST',
      '/worlds/default/faults',
      { do: { redirect: 'http://x/\r\nA: b' } },
      400,
      /do\.redirect: must be visible ASCII/,
    ],
    [
      'a header that frames the body',
      'POST',
      '/worlds/default/faults',
      { do: { status: 200, headers: { 'Content-Length': '5' } } },
      400,
      /must not frame the body/,
    ],
    ['a list instead of an object', 'POST', '/worlds', [], 400, /the body is a list/],
    [
      'a client with a name that every object has',
      'POST',
      '/worlds',
      { clients: { constructor: { dialect: 'smartcar' } } },
      400,
      /constructor cannot be a name/,
    ],
    ['an unknown path', 'GET', '/nothing', undefined, 404, /nothing at \/_sandbox\/nothing/],
    ['another method', 'PUT', '/worlds', {}, 405, /PUT is not for this path/],
    ['an unknown world', 'GET', '/worlds/none/clock', undefined, 404, /no world none/],
    ['an unknown grant', 'POST', '/worlds/default/grants/g9/revoke', {}, 404, /no grant g9/],
    [
      'an unknown client of a fault',
      'POST',
      '/worlds/default/faults',
      { on: { client: 'x' }, do: { status: 500 } },
      400,
      /no client x/,
    ],
    [
      'an unknown field of a fault',
      'POST',
      '/worlds/default/faults',
      { on: { nht: 1 }, do: { status: 500 } },
      400,
      /did you mean nth\?/,
    ],
    [
      'a policy out of its bounds',
      'POST',
      '/worlds',
      { policies: { smartcar: { overlapSeconds: 1e6 } } },
      400,
      /overlapSeconds must be at most 900/,
    ],
    [
      'a policy of an unknown client',
      'POST',
      '/worlds',
      { policies: { smartcars: {} } },
      400,
      /no client smartcars/,
    ],
    [
      'an unknown field of a policy',
      'POST',
      '/worlds',
      { policies: { smartcar: { overlapSecond: 1 } } },
      400,
      /overlapSecond/,
    ],
    ['a moment that is none', 'POST', '/worlds', { clock: '2026-02-31T99:00Z' }, 400, /clock/],
    ['a moment outside of the tokens', 'POST', '/worlds', { clock: '2106-03-01' }, 400, /from 2000 to 2100/],
    [
      'a brand of another vendor',
      'POST',
      '/worlds/default/grants',
      { client: 'pleos', brand: 'bmw' },
      400,
      /no brand bmw/,
    ],
    ['a scope that does not exist', 'POST', '/worlds/default/grants', { scope: 'fly' }, 400, /fly/],
    ['a wait that is too long', 'GET', '/worlds/default/requests?wait=3600', undefined, 400, /wait/],
    ['the default world stays', 'DELETE', '/worlds/default', undefined, 409, /stays/],
  ];
  for (const [name, method, path, body, status, detail] of cases)
    test(name, async (t) => {
      const url = await open(t);
      const answer = await call(url, method, path, body);
      assert.equal(answer.status, status, JSON.stringify(answer.body));
      assert.match(String(answer.body['detail']), detail);
      assert.match(String(answer.body['type']), /^urn:keyfob:sandbox:[a-z_]+$/);
      assert.ok(String(answer.body['remedy']).length > 0);
    });

  test('a body that is not JSON, not announced as JSON, or too large', async (t) => {
    const url = await open(t);
    const send = async (body: string, type: string): Promise<number> =>
      (await fetch(`${url}/_sandbox/worlds`, { method: 'POST', body, headers: { 'content-type': type } }))
        .status;
    assert.equal(await send('{', 'application/json'), 400);
    assert.equal(await send('{}', 'text/plain'), 415);
    assert.equal(await send(JSON.stringify({ seed: 'x'.repeat(70_000) }), 'application/json'), 413);
  });
});

test('a world that was removed is gone, with its journal', async (t) => {
  const { url } = await openSandbox(t);
  const { body: world } = await call(url, 'POST', '/worlds', {});
  const id = String(world['id']);
  const waiting = call(url, 'GET', `/worlds/${id}/requests?wait=30`);
  assert.equal((await call(url, 'DELETE', `/worlds/${id}`)).status, 204);
  assert.deepEqual((await waiting).body['requests'], []);
  assert.equal((await call(url, 'GET', `/worlds/${id}`)).status, 404);
  assert.equal((await fetch(`${String(world['url'])}/oauth/token`, { method: 'POST' })).status, 404);
});

test('a world with a port of its own is an origin, also after a reset', async (t) => {
  const { url } = await openSandbox(t);
  const { body: world } = await call(url, 'POST', '/worlds', { port: true });
  const own = new URL(String(world['url']));
  assert.equal(own.pathname, '/');
  assert.notEqual(own.host, new URL(url).host);
  const issuer = async (): Promise<string> =>
    (
      (await (await fetch(`${own.origin}/.well-known/oauth-authorization-server`)).json()) as {
        readonly issuer: string;
      }
    ).issuer;
  assert.equal(await issuer(), own.origin);
  await call(url, 'POST', `/worlds/${String(world['id'])}/reset`);
  assert.equal(await issuer(), own.origin);
  assert.equal((await fetch(`${url}/w/${String(world['id'])}/oauth/token`, { method: 'POST' })).status, 404);
});

test('the issuer of a world is the URL by which its creator reaches the sandbox', async (t) => {
  const { url } = await openSandbox(t);
  const { port } = new URL(url);
  const bytes = writeRequest({
    target: '/_sandbox/worlds',
    headers: { Host: `localhost:${port}`, Connection: 'close' },
  });
  const [response] = await sendRaw(url, bytes);
  const world = JSON.parse(response?.body ?? '') as { readonly url: string };
  assert.match(world.url, new RegExp(`^http://localhost:${port}/w/[0-9a-f]+$`));
  const metadata = await fetch(`${url}/.well-known/oauth-authorization-server${new URL(world.url).pathname}`);
  assert.equal(((await metadata.json()) as { readonly issuer: string }).issuer, world.url);
});

test('the journal waits for a request, and lists one again when it has ended', async (t) => {
  const sandbox = await openSandbox(t);
  const world = await sandbox.createWorld({ clock: '2026-01-01' });
  const path = `/worlds/${world.id}/requests`;
  const { refreshToken } = await createGrantIn(world);
  await call(sandbox.url, 'POST', `/worlds/${world.id}/faults`, {
    do: { delaySeconds: 5, movesClock: false },
  });
  const waiting = call(sandbox.url, 'GET', `${path}?wait=20&stage=committed`);
  const answer = refresh(world, refreshToken);
  const { body: first } = await waiting;
  const [begun] = first['requests'] as readonly { readonly number: number; readonly committed: boolean }[];
  assert.deepEqual([begun?.number, begun?.committed], [1, true]);
  await call(sandbox.url, 'POST', `/worlds/${world.id}/clock/advance`, { by: 'PT5S' });
  const { body: second } = await call(
    sandbox.url,
    'GET',
    `${path}?after=${String(first['next'])}&stage=ended&wait=20`,
  );
  const [ended] = second['requests'] as readonly { readonly number: number; readonly delivered: string }[];
  assert.deepEqual([ended?.number, ended?.delivered], [1, 'all']);
  await answer;
});

test('health and description', async (t) => {
  const { url } = await openSandbox(t);
  assert.equal((await call(url, 'GET', '/health')).body['status'], 'ready');
  const { body } = await call(url, 'GET', '/openapi.json');
  assert.equal(body['openapi'], '3.1.0');
  assert.ok('/_sandbox/worlds/{world}/clock/advance' in (body['paths'] as object));
});
