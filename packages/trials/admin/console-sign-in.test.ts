import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { TestContext } from 'node:test';
import { createAuthorizationServer } from '@keyfob/server';
import { createSignInBrowser } from '../support/sign-in-browser.ts';
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

/** All that a browser keeps of an answer. */
const cookiesOf = (response: Response): string =>
  response.headers
    .getSetCookie()
    .map((one) => one.split(';')[0])
    .join('; ');

const NAVIGATION = { 'Sec-Fetch-Dest': 'document' } as const;

describe('A request without a session', () => {
  test('for a page leads to the sign-in, and from there back to the page', async (t) => {
    const trial = await consoleFor(t);
    const page = `/console/grants/${trial.grants.fine}`;
    for (const [asked, reached] of [
      [page, page],
      ['/console?clientId=a+b&status=active', '/console?clientId=a+b&status=active'],
      [`/console/clients/${trial.client.clientId}?done=changed`, `/console/clients/${trial.client.clientId}`],
      ['/console', '/console'],
      ['/console/nowhere', '/console'],
      [`/console?text=${'x'.repeat(2000)}`, '/console'],
    ] as const) {
      for (const method of ['GET', 'HEAD']) {
        const sent = await fetch(`${trial.adminUrl}${asked}`, { method, redirect: 'manual' });
        assert.deepEqual([sent.status, sent.headers.get('location')], [303, '/console/login'], asked);
        assert.equal(await sent.text(), '');
        const link = await trial.link('support');
        const headers = { Origin: trial.adminUrl, Cookie: cookiesOf(sent) };
        const used = await useLink(trial, link, headers);
        assert.equal(used.headers.get('location'), reached);
        // It leads there once.
        assert.match(used.headers.getSetCookie()[1] ?? '', /^keyfob-operator-page-\d+=;.*Max-Age=0;/);
      }
    }
    const gate = await ask(`${trial.adminUrl}/console/login`);
    assert.equal(gate.status, 200);
    assert.match(await gate.text(), /keyfob console login/);
    const korean = await ask(`${trial.adminUrl}${page}?lang=ko`);
    assert.equal(korean.headers.get('location'), '/console/login?lang=ko');
  });

  test('keeps the language that was picked at the sign-in, whatever the browser asks for', async (t) => {
    const trial = await consoleFor(t);
    const english = { 'Accept-Language': 'en' };
    const asked = await ask(`${trial.adminUrl}/console/audit?lang=en`, english);
    const gate = await ask(`${trial.adminUrl}/console/login?lang=ko`, english);
    assert.match(await gate.text(), /<html lang="ko">/);
    const kept = [cookiesOf(asked), cookiesOf(gate)].join('; ');
    const headers = { Origin: trial.adminUrl, Cookie: kept, ...english };
    const used = await useLink(trial, await trial.link('admin'), headers);
    assert.equal(used.headers.get('location'), '/console/audit');
    const cookie = `${cookiesOf(gate)}; ${cookieOf(used)}`;
    const page = await ask(`${trial.adminUrl}/console/audit`, { Cookie: cookie, ...english });
    assert.match(await page.text(), /<html lang="ko">/);
  });

  test('keeps no language that the console does not speak', async (t) => {
    const trial = await consoleFor(t);
    const gate = await ask(`${trial.adminUrl}/console/login?lang=fr`);
    assert.deepEqual(gate.headers.getSetCookie(), []);
  });

  test('never leads to another site', async (t) => {
    const trial = await consoleFor(t);
    const name = `keyfob-operator-page-${new URL(trial.adminUrl).port}`;
    for (const page of [
      'https://evil.example/console',
      '//evil.example/console',
      '/console/../login',
      '/\\evil.example',
      '/console@evil.example',
      '/consoles',
      '/console\r\nLocation: https://evil.example',
      '/console/login?link=x',
      '%',
    ]) {
      const value = page === '%' ? page : encodeURIComponent(page);
      const headers = { Origin: trial.adminUrl, Cookie: `${name}=${value}` };
      const used = await useLink(trial, await trial.link('admin'), headers);
      assert.equal(used.headers.get('location'), '/console', page);
    }
  });

  test('from a link of another site is asked again by a page of this one, with its session', async (t) => {
    const trial = await consoleFor(t);
    const cookie = await signIn(trial);
    const page = `/console/grants/${trial.grants.fine}?lang=en`;
    // The browser keeps the cookie back.
    const first = await ask(`${trial.adminUrl}${page}`, { ...NAVIGATION, 'Sec-Fetch-Site': 'cross-site' });
    assert.equal(first.status, 200);
    assert.ok((await first.text()).includes(`http-equiv="refresh" content="0;url=${page}"`));
    const own = { ...NAVIGATION, 'Sec-Fetch-Site': 'same-origin' };
    assert.match(
      await (await ask(`${trial.adminUrl}${page}`, { ...own, Cookie: cookie })).text(),
      /sign-out/,
    );
    const signedOut = await ask(`${trial.adminUrl}${page}`, own);
    assert.equal(signedOut.status, 303);
    // What no person asked for leads nowhere.
    const picture = await ask(`${trial.adminUrl}${page}`, {
      'Sec-Fetch-Dest': 'image',
      'Sec-Fetch-Site': 'cross-site',
    });
    assert.equal(picture.status, 303);
  });

  test('that sends a form does nothing, and leads back to the page of the form', async (t) => {
    const trial = await consoleFor(t);
    const page = `/console/grants/${trial.grants.fine}`;
    const headers = { Origin: trial.adminUrl, Referer: `${trial.adminUrl}${page}` };
    const sent = await send(`${trial.adminUrl}${page}/revoke`, { reason: 'what was typed' }, headers);
    assert.equal(sent.status, 403);
    const text = await sent.text();
    assert.match(text, /session has ended, and nothing was done/);
    assert.ok(!text.includes('what was typed'));
    const cookie = cookiesOf(sent);
    const used = await useLink(trial, await trial.link('support'), {
      Origin: trial.adminUrl,
      Cookie: cookie,
    });
    assert.equal(used.headers.get('location'), page);
    const foreign = { ...headers, Referer: `https://evil.example${page}` };
    const other = cookiesOf(await send(`${trial.adminUrl}${page}/revoke`, {}, foreign));
    const start = await useLink(trial, await trial.link('support'), {
      Origin: trial.adminUrl,
      Cookie: other,
    });
    assert.equal(start.headers.get('location'), '/console');
    const out = await send(`${trial.adminUrl}/console/sign-out`, {}, headers);
    assert.deepEqual([out.status, out.headers.get('location')], [303, '/console/login?signed-out']);
    assert.match(
      await (await ask(`${trial.adminUrl}/console/login?signed-out`)).text(),
      /You are signed out/,
    );
  });

  test('with a method that a path does not take is answered 405, as with a session', async (t) => {
    const trial = await consoleFor(t);
    const cookie = await signIn(trial);
    const grant = `/console/grants/${trial.grants.fine}`;
    for (const [method, path, allowed] of [
      ['PUT', '/console', 'GET, HEAD'],
      ['DELETE', grant, 'GET, HEAD'],
      ['POST', grant, 'GET, HEAD'],
      ['GET', `${grant}/revoke`, 'POST'],
      ['PATCH', '/console/webhooks', 'GET, HEAD, POST'],
      ['OPTIONS', '/console/nowhere', 'GET, HEAD, POST'],
      ['DELETE', '/console/login', 'GET, HEAD, POST'],
      ['GET', '/console/sign-out', 'POST'],
      ['POST', '/console/callback', 'GET, HEAD'],
    ] as const)
      for (const headers of [{}, { Cookie: cookie }]) {
        const response = await fetch(`${trial.adminUrl}${path}`, { method, headers, redirect: 'manual' });
        assert.deepEqual(
          [response.status, response.headers.get('allow')],
          [405, allowed],
          `${method} ${path}`,
        );
      }
    const api = await ask(`${trial.adminUrl}/api/v1/operator-sessions/end`, { Cookie: cookie });
    assert.deepEqual([api.status, api.headers.get('allow')], [405, 'POST']);
  });
});

/** Takes a browser's way through the provider from a page on, and answers what the console says in the end. */
const throughProvider = async (adminUrl: string, page = '/console'): Promise<Response> => {
  const browser = createSignInBrowser();
  await browser.ask(`${adminUrl}${page}`);
  return browser.follow(`${adminUrl}/console/sign-in`);
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
  const entered = await throughProvider(adminUrl, '/console/clients?text=a');
  assert.equal(entered.status, 200);
  const [cookie = ''] = entered.headers.getSetCookie();
  assert.match(cookie, /SameSite=Strict/);
  assert.match(await entered.text(), /content="0;url=\/console\/clients\?text=a"/);
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
