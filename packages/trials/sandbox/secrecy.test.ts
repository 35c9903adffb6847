import assert from 'node:assert/strict';
import test from 'node:test';
import { createGrantIn, judgeHeld } from '@keyfob/sandbox';
import { call, openSandbox } from './support.ts';
import { basicOf, refresh, tokenOf } from './requests.ts';

test('no token, code or secret is in the journal, the faults, the list of grants, or an error', async (t) => {
  const sandbox = await openSandbox(t);
  const world = await sandbox.createWorld({ clock: '2026-01-01', seed: 'secrecy' });
  const secrets: string[] = world.clients.list().map(({ clientSecret }) => clientSecret);
  const seen: string[] = [];
  sandbox.worlds.follow((_, entry) => seen.push(JSON.stringify(entry)));

  for (const client of ['smartcar', 'pleos', 'smartcar-jwt', 'oauth']) {
    const { refreshToken, accessToken } = await createGrantIn(world, {
      client,
      subject: `owner of ${client}`,
    });
    secrets.push(refreshToken, accessToken, ...accessToken.split('.').filter((part) => part.length > 30));
    if (client === 'oauth') continue;
    const answer = await refresh(world, refreshToken, client);
    secrets.push(tokenOf(answer), typeof answer === 'number' ? '' : answer.accessToken);
  }
  const [token = ''] = secrets.slice(-4);
  const secret = world.clients.find('smartcar')?.clientSecret ?? '';
  const basic = basicOf(world, 'smartcar');
  const misplaced: readonly (readonly [string, RequestInit])[] = [
    [`/oauth/token?refresh_token=${token}&client_secret=${secret}`, { method: 'POST' }],
    [`/oauth/token/${token}`, { method: 'POST', headers: { authorization: basic } }],
    [`/${secret}`, {}],
    [
      '/oauth/token',
      { method: 'POST', headers: { 'user-agent': `agent ${token} ${secret}`, authorization: basic } },
    ],
    [
      '/oauth/token',
      {
        method: 'POST',
        headers: { authorization: basic },
        body: new URLSearchParams({
          grant_type: token,
          scope: secret,
          redirect_uri: `https://a.example/${token}?s=${secret}`,
          [token]: 'x',
        }),
      },
    ],
    ['/oauth/token', { method: 'POST', headers: { 'content-type': `application/${token}` }, body: 'x' }],
    ['/v2.0/vehicles', { headers: { authorization: `Bearer ${token}` } }],
    [
      '/v1/auth/token',
      {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ code: token, clientSecret: secret }),
      },
    ],
  ];
  for (const [path, init] of misplaced) await (await fetch(`${world.url}${path}`, init)).arrayBuffer();

  const answers = await Promise.all([
    call(sandbox.url, 'GET', `/worlds/${world.id}/requests`),
    call(sandbox.url, 'GET', `/worlds/${world.id}/faults`),
    call(sandbox.url, 'GET', `/worlds/${world.id}/grants`),
    call(sandbox.url, 'GET', '/worlds'),
    call(sandbox.url, 'POST', `/worlds/${world.id}/holds`, { token, tokn: token }),
    call(sandbox.url, 'POST', `/worlds/${world.id}/faults`, {
      on: { client: token.slice(0, 8) },
      do: { status: 500 },
    }),
    call(sandbox.url, 'POST', `/worlds/${world.id}/holds`, { token }),
  ]);
  const shown = [
    ...answers.map(({ body }) => JSON.stringify(body)),
    ...seen,
    JSON.stringify(await judgeHeld(world, token)),
  ].join('\n');
  assert.ok(seen.length > misplaced.length);
  for (const one of secrets.filter((text) => text !== '')) {
    const at = shown.indexOf(one);
    assert.equal(at, -1, shown.slice(Math.max(0, at - 200), at));
    const half = one.slice(0, 24);
    assert.ok(
      !shown.includes(half),
      `half of a secret: ${shown.slice(shown.indexOf(half) - 100, shown.indexOf(half))}`,
    );
  }
});
