import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';
import type { JWTPayload } from 'jose';
import { createSignInBrowser } from '../support/sign-in-browser.ts';
import type { SignInBrowser } from '../support/sign-in-browser.ts';
import { openProviderConsole } from '../support/provider-console.ts';
import type { ProviderConsole } from '../support/provider-console.ts';

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const base64 = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');

/** Goes as far as the provider's answer, without taking it to the console; answers its URL. */
const goToAnswer = async (
  { adminUrl }: ProviderConsole,
  browser: SignInBrowser,
  page?: string,
): Promise<string> => {
  if (page !== undefined) await browser.ask(`${adminUrl}${page}`);
  const last = await browser.follow(`${adminUrl}/console/sign-in`, `${adminUrl}/console/callback`);
  return last.headers.get('location') ?? '';
};

const isIn = async ({ adminUrl }: ProviderConsole, browser: SignInBrowser): Promise<boolean> =>
  (await (await browser.ask(`${adminUrl}/console`)).text()).includes('/console/sign-out');

/** Refused with 403, for this reason, with an event that has no code, no token and nothing that the provider wrote. */
const assertRefused = async (
  trial: ProviderConsole,
  reason: string,
  cause: RegExp,
  { browser = createSignInBrowser(), url }: { readonly browser?: SignInBrowser; readonly url?: string } = {},
): Promise<string> => {
  const before = trial.failures().length;
  const response = await browser.ask(url ?? (await goToAnswer(trial, browser)));
  const text = await response.text();
  const [failure] = trial.failures().slice(before);
  assert.deepEqual([response.status, failure?.reason], [403, reason], JSON.stringify(failure));
  assert.match(failure?.cause ?? '', cause);
  assert.equal(trial.failures().length, before + 1);
  assert.ok(text.includes(failure?.requestId ?? '?'));
  assert.match(text, /keyfob console login/);
  assert.equal(await isIn(trial, browser), false);
  const logged = JSON.stringify(trial.failures());
  assert.doesNotMatch(logged, /code-\d|opaque|eyJ|private words/);
  return text;
};

describe('An answer of the provider signs nobody in', () => {
  test('when its state is missing, of another attempt, of another browser, or given twice', async (t) => {
    const trial = await openProviderConsole(t);
    const cases: readonly ((url: URL, other: URL) => void)[] = [
      (url) => url.searchParams.delete('state'),
      (url) => url.searchParams.set('state', ''),
      (url) => url.searchParams.set('state', `${url.searchParams.get('state') ?? ''}x`),
      (url) => url.searchParams.set('state', (url.searchParams.get('state') ?? '').split('.')[0] ?? ''),
      (url, other) => url.searchParams.set('state', other.searchParams.get('state') ?? ''),
    ];
    for (const alter of cases) {
      const browser = createSignInBrowser();
      const url = new URL(await goToAnswer(trial, browser));
      const other = new URL(await goToAnswer(trial, createSignInBrowser()));
      alter(url, other);
      await assertRefused(trial, 'stale', /not of this browser/, { browser, url: url.href });
    }
    assert.equal(trial.provider.forms.length, 0, 'no code was sent to the provider');
    const browser = createSignInBrowser();
    const twice = `${await goToAnswer(trial, browser)}&state=other&code=other`;
    await assertRefused(trial, 'answer_invalid', /./, { browser, url: twice });
    // Somebody takes a victim to an answer of their own: login CSRF.
    const own = await goToAnswer(trial, createSignInBrowser());
    await assertRefused(trial, 'stale', /no cookie/, { url: own });
    const victim = createSignInBrowser();
    await goToAnswer(trial, victim);
    await assertRefused(trial, 'stale', /not of this browser/, { browser: victim, url: own });
  });

  test('when its issuer is missing or another (RFC 9207)', async (t) => {
    const trial = await openProviderConsole(t);
    for (const alter of [
      (answer: URLSearchParams) => answer.delete('iss'),
      (answer: URLSearchParams) => answer.set('iss', 'https://other.example'),
    ]) {
      trial.provider.alterAnswer = alter;
      await assertRefused(trial, 'answer_invalid', /OAUTH_INVALID_RESPONSE/);
    }
    assert.equal(trial.provider.forms.length, 0, 'no code was sent to the provider');
  });

  test('a second time', async (t) => {
    const trial = await openProviderConsole(t);
    const browser = createSignInBrowser();
    const url = await goToAnswer(trial, browser);
    assert.equal((await browser.ask(url)).status, 200);
    assert.equal(await isIn(trial, browser), true);
    const before = browser.cookies.get(trial.adminUrl)?.size;
    assert.equal((await browser.ask(url)).status, 403);
    assert.equal(trial.failures().at(-1)?.providerError, 'invalid_grant');
    // The session that it began goes on.
    assert.equal(browser.cookies.get(trial.adminUrl)?.size, before);
    assert.equal(await isIn(trial, browser), true);
  });

  test('when the person or the provider refuses', async (t) => {
    const trial = await openProviderConsole(t);
    for (const error of ['access_denied', 'login_required', '<script>alert(1)</script>']) {
      trial.provider.alterAnswer = (answer) => {
        answer.delete('code');
        answer.set('error', error);
        answer.set('error_description', 'private words');
      };
      const text = await assertRefused(trial, 'provider_refused', /AuthorizationResponseError/);
      assert.match(text, /refused, or you cancelled/);
      assert.doesNotMatch(text, /<script>alert|private words/);
      assert.equal(trial.failures().at(-1)?.providerError, error.includes('<') ? 'unreadable' : error);
    }
  });

  test('whose ID token is of another issuer, audience, nonce or time, or lacks one of them', async (t) => {
    const trial = await openProviderConsole(t);
    const nowSeconds = Math.floor(Date.now() / 1000);
    for (const [name, wrong] of [
      ['iss', 'https://other.example'],
      ['aud', 'other'],
      ['aud', ['keyfob-console', 'other']],
      ['nonce', 'other'],
      ['exp', nowSeconds - 3600],
      ['exp', String(nowSeconds + 3600)],
      ['nbf', nowSeconds + 3600],
      ['iss', undefined],
      ['aud', undefined],
      ['sub', undefined],
      ['sub', ''],
      ['sub', 7],
      ['sub', 's'.repeat(256)],
      ['sub', 'simulated:owner-1'],
      ['exp', undefined],
      ['iat', undefined],
      ['nonce', undefined],
    ] as const) {
      trial.provider.claims = { roles: 'lead', [name]: wrong };
      await assertRefused(trial, 'answer_invalid', /./);
    }
  });

  test('whose ID token has no signature, one by the secret or a public key, or one by a key of its own', async (t) => {
    const secret = 'secret-of-the-console-which-is-long-enough';
    const trial = await openProviderConsole(t, { operatorSignInClientSecret: secret });
    const { publicKey, privateKey } = await generateKeyPair('ES256', { extractable: true });
    const jwk = await exportJWK(publicKey);
    const keys = await fetch(`${trial.provider.issuer}/jwks`).then((response) => response.text());
    const [published] = (JSON.parse(keys) as { keys: { kid: string }[] }).keys;
    const kid = published?.kid ?? '';
    const signHs256 = (key: string) => (claims: JWTPayload) =>
      new SignJWT(claims).setProtectedHeader({ alg: 'HS256', kid }).sign(bytes(key));
    for (const sign of [
      (claims: JWTPayload) => `${base64({ alg: 'none' })}.${base64(claims)}.`,
      (claims: JWTPayload) => `${base64({ alg: 'none', kid })}.${base64(claims)}.`,
      (claims: JWTPayload) => `${base64({ alg: 'ES256', kid })}.${base64(claims)}.`,
      (claims: JWTPayload) => `${base64({ alg: 'ES256', kid })}.${base64(claims)}.${'A'.repeat(86)}`,
      signHs256(secret),
      signHs256(JSON.stringify(published)),
      // The header names a key that the provider does not publish.
      (claims: JWTPayload) =>
        new SignJWT(claims).setProtectedHeader({ alg: 'ES256', kid, jwk }).sign(privateKey),
    ]) {
      trial.provider.sign = sign;
      await assertRefused(trial, 'answer_invalid', /./);
    }
  });
});

test('The code is exchanged with the verifier of its challenge, at the redirect URI of the attempt', async (t) => {
  const trial = await openProviderConsole(t);
  const browser = createSignInBrowser();
  await browser.ask(await goToAnswer(trial, browser));
  const [form] = trial.provider.forms;
  const sent = new URL(
    trial.provider.asked.find((one) => one.startsWith('/authorize')) ?? '',
    trial.adminUrl,
  );
  const verifier = new TextEncoder().encode(form?.get('code_verifier') ?? '');
  const digest = await crypto.subtle.digest('SHA-256', verifier);
  assert.equal(sent.searchParams.get('code_challenge_method'), 'S256');
  assert.equal(sent.searchParams.get('code_challenge'), Buffer.from(digest).toString('base64url'));
  for (const redirectUri of [sent.searchParams.get('redirect_uri'), form?.get('redirect_uri')])
    assert.equal(redirectUri, `${trial.adminUrl}/console/callback`);
  // Neither the secret in the cookie nor the verifier goes through the browser.
  const secrets = [...(browser.cookies.get(trial.adminUrl)?.values() ?? []), form?.get('code_verifier')];
  for (const secret of secrets) assert.ok(!sent.href.includes(secret ?? '?'));
});

test('A person who signs in in two tabs at once is in, in either order', async (t) => {
  const trial = await openProviderConsole(t);
  for (const order of [
    [0, 1],
    [1, 0],
  ]) {
    const browser = createSignInBrowser();
    const urls = [await goToAnswer(trial, browser), await goToAnswer(trial, browser)];
    for (const index of order) {
      assert.equal((await browser.ask(urls[index] ?? '')).status, 200);
      assert.equal(await isIn(trial, browser), true);
    }
  }
  assert.deepEqual(trial.failures(), []);
});

describe('The claim with roles', () => {
  const HUGE = Array.from({ length: 20_000 }, (_, index) => `group-${index}`);

  test('gives a role as a text or a list of texts, the highest of several', async (t) => {
    const trial = await openProviderConsole(t);
    for (const [roles, role] of [
      ['desk', 'support'],
      [['desk'], 'support'],
      [['x', 'desk', 'lead', 'desk'], 'admin'],
      [[...HUGE, 'desk'], 'support'],
      [[null, 7, ['lead'], { lead: 'lead' }, 'desk'], 'support'],
    ] as const) {
      trial.provider.claims = { roles };
      const browser = createSignInBrowser();
      assert.equal((await browser.ask(await goToAnswer(trial, browser))).status, 200);
      const page = await (await browser.ask(`${trial.adminUrl}/console`)).text();
      assert.match(page, new RegExp(`, ${role}<`));
    }
  });

  test('gives none otherwise, and the log has how the claim differs, without its values', async (t) => {
    const trial = await openProviderConsole(t);
    for (const [roles, cause] of [
      [undefined, /the claim roles is missing/],
      ['secret-project', /the claim roles has a value that is not in operatorRoles/],
      ['Desk', /not in operatorRoles/],
      ['desk lead', /not in operatorRoles/],
      ['', /not in operatorRoles/],
      ['constructor', /not in operatorRoles/],
      ['__proto__', /not in operatorRoles/],
      [[], /has 0 values/],
      [HUGE, /has 20000 values, and none of them/],
      [[['desk']], /has 1 values/],
      [{ desk: true }, /is neither a text nor a list/],
      [{ roles: ['desk'] }, /is neither a text nor a list/],
      [7, /is neither a text nor a list/],
      [true, /is neither a text nor a list/],
      [null, /is neither a text nor a list/],
    ] as const) {
      trial.provider.claims = { roles };
      const text = await assertRefused(trial, 'no_role', cause);
      assert.match(text, /your account has no role here/);
    }
    assert.doesNotMatch(JSON.stringify(trial.events), /secret-project|group-7/);
  });

  test('has a name of the settings, which no member of every object matches', async (t) => {
    for (const operatorRoleClaim of ['constructor', '__proto__', 'toString']) {
      const trial = await openProviderConsole(t, { operatorRoleClaim });
      await assertRefused(trial, 'no_role', /is missing/);
    }
  });

  test('of a developer needs client ids', async (t) => {
    const trial = await openProviderConsole(t);
    for (const ids of [undefined, '', ' ', [], [7], { id: 'x' }]) {
      trial.provider.claims = { roles: 'maker', keyfob_clients: ids };
      await assertRefused(trial, 'no_role', /the claim keyfob_clients names no client/);
    }
  });
});

test('A name that could turn a page around or pass for another is shown as text, cleaned and isolated', async (t) => {
  const trial = await openProviderConsole(t);
  for (const [name, shown] of [
    ['<img src=x onerror=alert(1)>', '&lt;img src=x onerror=alert(1)&gt;'],
    ['ad\u202Enim\u2066\u200B\u0000\u001B[31m', 'adnim[31m'],
    ['two\nlines\u2028here', 'two lines here'],
    ['\u202E\u200B', 'desk'],
    ['\uD83D', 'desk'],
  ] as const) {
    trial.provider.claims = { roles: 'lead', name };
    const browser = createSignInBrowser();
    await browser.ask(await goToAnswer(trial, browser));
    const page = await (await browser.ask(`${trial.adminUrl}/console`)).text();
    assert.ok(page.includes(`<bdi>${shown}</bdi>, admin`), name);
    const audit = await (await browser.ask(`${trial.adminUrl}/console/audit`)).text();
    assert.ok(audit.includes(`<bdi>${shown}</bdi>`), name);
  }
});

test('Behind a proxy the redirect URI is that of the public URL, whatever a request says', async (t) => {
  const trial = await openProviderConsole(t, { adminPublicUrl: 'https://ops.example/' });
  const response = await fetch(`${trial.adminUrl}/console/sign-in`, {
    redirect: 'manual',
    headers: {
      'X-Forwarded-Host': 'evil.example',
      Forwarded: 'host=evil.example',
      'X-Forwarded-Proto': 'http',
    },
  });
  const sent = new URL(response.headers.get('location') ?? '');
  assert.equal(sent.searchParams.get('redirect_uri'), 'https://ops.example/console/callback');
  const [cookie = ''] = response.headers.getSetCookie();
  assert.match(cookie, /^__Host-keyfob-operator-attempt[^=]*=.*; Path=\/; .*HttpOnly; SameSite=Lax; Secure$/);
});

test('Who signs out here reads that the provider still knows them', async (t) => {
  const trial = await openProviderConsole(t);
  const browser = createSignInBrowser();
  await browser.ask(await goToAnswer(trial, browser));
  const page = await (await browser.ask(`${trial.adminUrl}/console`)).text();
  const token = /name="form_token" value="(?<token>[^"]+)"/.exec(page)?.groups?.['token'] ?? '';
  const out = await browser.send(`${trial.adminUrl}/console/sign-out`, { form_token: token });
  assert.equal(out.headers.get('location'), '/console/login?signed-out=here');
  assert.match(
    await (await browser.ask(`${trial.adminUrl}/console/login?signed-out=here`)).text(),
    /signed out here, but not at your organisation/,
  );
  assert.equal(await isIn(trial, browser), false);
});

test('Without a provider, its addresses show the sign-in by link', async (t) => {
  const trial = await openProviderConsole(t, {
    operatorSignInIssuer: undefined,
    operatorSignInClientId: undefined,
    operatorRoles: undefined,
  });
  for (const path of ['/console/sign-in', '/console/callback?code=x&state=y']) {
    const response = await fetch(`${trial.adminUrl}${path}`, { redirect: 'manual' });
    assert.equal(response.status, 200);
    assert.match(await response.text(), /keyfob console login/);
    assert.equal(trial.failures().at(-1)?.reason, 'not_configured');
  }
});

test('A person leads on to the page that was asked for, and never to another site', async (t) => {
  const trial = await openProviderConsole(t);
  for (const [page, reached] of [
    ['/console/clients?text=a', '/console/clients?text=a'],
    ['//evil.example/console', '/console'],
    ['/console/sign-in', '/console'],
    ['/console/callback', '/console'],
  ] as const) {
    const browser = createSignInBrowser();
    const url = await goToAnswer(trial, browser, page);
    const text = await (await browser.ask(url)).text();
    assert.ok(text.includes(`content="0;url=${reached}"`), page);
  }
});
