import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { TestContext } from 'node:test';
import { createAuthorizationServer } from '@keyfob/server';
import { openLivelyConsole } from '../support/lively-console.ts';
import type { LivelyConsole } from '../support/lively-console.ts';
import { directoryFor } from '../support/test-directory.ts';
import { openUpstreamProvider } from '../support/upstream-provider.ts';

const consoleFor = async (t: TestContext): Promise<LivelyConsole> => {
  const trial = await openLivelyConsole();
  t.after(() => trial.close());
  return trial;
};

type Headers = Readonly<Record<string, string>>;

const ask = (url: string, headers: Headers = {}): Promise<Response> =>
  fetch(url, { headers, redirect: 'manual' });

const send = (url: string, fields: Headers, headers: Headers): Promise<Response> =>
  fetch(url, { method: 'POST', body: new URLSearchParams(fields), headers, redirect: 'manual' });

const cookieOf = (response: Response): string =>
  (response.headers.getSetCookie()[0] ?? '').split(';')[0] ?? '';

/** Uses a link as its page does. */
const useLink = (trial: LivelyConsole, link: string, headers: Headers = { Origin: trial.adminUrl }) =>
  send(`${trial.adminUrl}/console/login`, { link: new URL(link).searchParams.get('link') ?? '' }, headers);

const signIn = async (trial: LivelyConsole): Promise<string> =>
  cookieOf(await useLink(trial, await trial.link('admin')));

/** Whether a cookie lets somebody in. */
const isIn = async (trial: LivelyConsole, cookie: string, headers: Headers = {}): Promise<boolean> => {
  const text = await (await ask(`${trial.adminUrl}/console`, { Cookie: cookie, ...headers })).text();
  return text.includes('/console/sign-out');
};

const MINUTE_MS = 60_000;

describe('A link of "keyfob console login"', () => {
  test('signs one person in, once, and only by the button of its page', async (t) => {
    const trial = await consoleFor(t);
    assert.equal((await ask(trial.adminUrl)).headers.get('location'), '/console');
    const link = await trial.link('support');
    // Programs that look at links do not use them.
    for (let looks = 0; looks < 2; looks++) assert.equal((await ask(link)).status, 200);
    assert.equal((await useLink(trial, link, {})).status, 403);
    assert.equal((await useLink(trial, link, { Origin: 'https://evil.example' })).status, 403);
    const answers = await Promise.all([1, 2, 3].map(() => useLink(trial, link)));
    const statuses = answers.map(({ status }) => status).sort((left, right) => left - right);
    assert.deepEqual(statuses, [303, 403, 403]);
    const used = answers.find(({ status }) => status === 303);
    assert.match(
      used?.headers.getSetCookie()[0] ?? '',
      /; Path=\/; Max-Age=28800; HttpOnly; SameSite=Strict$/,
    );
    assert.equal((await ask(link)).status, 403);
  });

  test('ends after five minutes, and no other secret is one', async (t) => {
    const trial = await consoleFor(t);
    const link = await trial.link('admin');
    trial.moveClock(5 * MINUTE_MS - 1);
    assert.equal((await ask(link)).status, 200);
    trial.moveClock(1);
    assert.equal((await useLink(trial, link)).status, 403);
    const cookie = await signIn(trial);
    const secret = cookie.split('=')[1] ?? '';
    // The secret of a session is no link, and the secret of a link is no session.
    assert.equal((await ask(`${trial.adminUrl}/console/login?link=${secret}`)).status, 403);
    const other = new URL(await trial.link('admin')).searchParams.get('link') ?? '';
    assert.equal(await isIn(trial, `${cookie.split('=')[0] ?? ''}=${other}`), false);
  });
});

describe('A session of the console', () => {
  test('is apart from that of another console at another port of the host', async (t) => {
    const [one, other] = [await consoleFor(t), await consoleFor(t)];
    const cookies = [await signIn(one), await signIn(other)];
    const [nameOfOne, nameOfOther] = cookies.map((cookie) => cookie.split('=')[0]);
    assert.equal(nameOfOne, `keyfob-operator-${new URL(one.adminUrl).port}`);
    assert.notEqual(nameOfOne, nameOfOther);
    // A browser sends both to both.
    for (const trial of [one, other]) assert.equal(await isIn(trial, cookies.join('; ')), true);
  });

  test('ends with half an hour of silence, after eight hours, and with a sign-out', async (t) => {
    const trial = await consoleFor(t);
    const silent = await signIn(trial);
    trial.moveClock(30 * MINUTE_MS);
    assert.equal(await isIn(trial, silent), false);
    const busy = await signIn(trial);
    for (let minutes = 0; minutes < 8 * 60; minutes += 20) {
      assert.equal(await isIn(trial, busy), true, `after ${minutes} minutes`);
      trial.moveClock(20 * MINUTE_MS);
    }
    assert.equal(await isIn(trial, busy), false);
    const cookie = await signIn(trial);
    const page = await (await ask(`${trial.adminUrl}/console`, { Cookie: cookie })).text();
    const token = /name="form_token" value="(?<token>[^"]+)"/.exec(page)?.groups?.['token'] ?? '';
    const headers = { Cookie: cookie, Origin: trial.adminUrl };
    await send(`${trial.adminUrl}/console/sign-out`, { form_token: token }, headers);
    assert.equal(await isIn(trial, cookie), false);
  });

  test('is not in use by its live stream, which a browser opens again with nobody there', async (t) => {
    const trial = await consoleFor(t);
    const cookie = await signIn(trial);
    const follow = async (): Promise<number> => {
      const stream = await ask(`${trial.adminUrl}/api/v1/events/live`, { Cookie: cookie });
      await stream.body?.cancel();
      return stream.status;
    };
    for (let looks = 0; looks < 2; looks++) {
      trial.moveClock(14 * MINUTE_MS);
      assert.equal(await follow(), 200);
    }
    trial.moveClock(2 * MINUTE_MS);
    assert.equal(await follow(), 401);
    assert.equal(await isIn(trial, cookie), false);
  });

  test('changes nothing for another site, without its token, or at the API', async (t) => {
    const trial = await consoleFor(t);
    const cookie = await signIn(trial);
    const other = await signIn(trial);
    const pageOf = async (one: string): Promise<string> => {
      const page = await (await ask(`${trial.adminUrl}/console`, { Cookie: one })).text();
      return /name="form_token" value="(?<token>[^"]+)"/.exec(page)?.groups?.['token'] ?? '';
    };
    const [token, foreign] = [await pageOf(cookie), await pageOf(other)];
    assert.notEqual(token, foreign);
    const revoke = `${trial.adminUrl}/console/grants/${trial.grants.fine}/revoke`;
    const reason = 'an attack';
    const own = { Cookie: cookie, Origin: trial.adminUrl };
    const attacks: readonly (readonly [Headers, Headers])[] = [
      [{ reason }, own],
      [{ reason, form_token: 'x' }, own],
      [{ reason, form_token: foreign }, own],
      [{ reason, form_token: token }, { Cookie: cookie }],
      [
        { reason, form_token: token },
        { Cookie: cookie, Origin: 'null' },
      ],
      [
        { reason, form_token: token },
        { Cookie: cookie, Origin: 'http://evil.example' },
      ],
      [
        { reason, form_token: token },
        { ...own, 'Sec-Fetch-Site': 'cross-site' },
      ],
    ];
    for (const [fields, headers] of attacks) {
      const { status } = await send(revoke, fields, headers);
      assert.ok([200, 403].includes(status), String(status));
      const grant = await trial.server.deployment.store.readGrant(
        BigInt.asIntN(64, BigInt(`0x${trial.grants.fine}`)),
      );
      assert.equal(grant?.revocation, undefined, JSON.stringify([fields, headers]));
    }
    assert.equal(await isIn(trial, cookie, { 'Sec-Fetch-Site': 'cross-site' }), false);
    const api = await fetch(`${trial.adminUrl}/api/v1/grants/${trial.grants.fine}/revoke`, {
      method: 'POST',
      headers: { ...own, 'Content-Type': 'application/json' },
      body: JSON.stringify({ reason }),
    });
    assert.equal(api.status, 403);
    assert.equal((await send(revoke, { reason, form_token: token }, own)).status, 303);
  });

  test('has pages that forbid scripts, frames and caches, and names no secret', async (t) => {
    const trial = await consoleFor(t);
    const cookie = await signIn(trial);
    const response = await ask(`${trial.adminUrl}/console/clients/${trial.client.clientId}`, {
      Cookie: cookie,
    });
    const policy = response.headers.get('content-security-policy') ?? '';
    for (const part of [
      "default-src 'none'",
      "script-src 'self'",
      "frame-ancestors 'none'",
      "form-action 'self'",
    ])
      assert.ok(policy.includes(part), part);
    assert.equal(response.headers.get('cache-control'), 'no-store');
    const text = await response.text();
    assert.doesNotMatch(text, /<script>|style="|onclick/);
    assert.ok(!text.includes(trial.client.clientSecret));
    assert.ok(!text.includes(cookie.split('=')[1] ?? ''));
    const injected = await ask(
      `${trial.adminUrl}/console?clientId=${encodeURIComponent('"><script>alert(1)</script>')}`,
      { Cookie: cookie },
    );
    assert.doesNotMatch(await injected.text(), /<script>alert/);
  });
});

/** Follows a browser's way through the provider, and answers what the console says in the end. */
const throughProvider = async (adminUrl: string): Promise<Response> => {
  const cookies = new Map<string, string>();
  let url = `${adminUrl}/console/sign-in`;
  for (let hops = 0; hops < 10; hops++) {
    const { origin } = new URL(url);
    const response = await ask(url, { Cookie: cookies.get(origin) ?? '' });
    const set = response.headers.getSetCookie().map((one) => one.split(';')[0] ?? '');
    const before = (cookies.get(origin) ?? '').split('; ').filter((one) => one !== '');
    cookies.set(origin, [...before, ...set].join('; '));
    const location = response.headers.get('location');
    if (location === null) return response;
    url = new URL(location, url).href;
  }
  throw new Error('the way through the provider does not end');
};

test('An operator of the own provider gets the role of a claim; one without a role stays outside', async (t) => {
  const provider = await openUpstreamProvider();
  t.after(() => provider.close());
  const server = await createAuthorizationServer({
    data: directoryFor(t),
    port: 0,
    adminPort: 0,
    operatorSignInIssuer: provider.issuer,
    operatorSignInClientId: provider.clientId,
    operatorSignInClientSecret: provider.clientSecret,
    operatorRoleClaim: 'sub',
    operatorRoles: 'desk=support,lead=admin',
  });
  t.after(() => server.close());
  const { adminUrl = '' } = await server.listen();
  provider.serve(`${adminUrl}/console/callback`);
  provider.account = 'desk';
  const entered = await throughProvider(adminUrl);
  assert.equal(entered.status, 200);
  const [cookie = ''] = entered.headers.getSetCookie();
  assert.match(cookie, /SameSite=Strict/);
  const page = await (await ask(`${adminUrl}/console`, { Cookie: cookie.split(';')[0] ?? '' })).text();
  assert.match(page, /desk|support/);
  assert.match(page, /, support/);
  provider.account = 'nobody';
  const refused = await throughProvider(adminUrl);
  assert.equal(refused.status, 403);
  assert.ok(!refused.headers.getSetCookie().some((one) => one.startsWith('keyfob-operator-')));
  // An answer that another browser brings has no attempt of its own.
  assert.equal((await ask(`${adminUrl}/console/callback?code=x&state=y`)).status, 403);
});
