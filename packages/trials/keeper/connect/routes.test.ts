import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { StoreError, memoryStore, openKeeper, sqliteStore } from '@keyfob/keeper';
import type { KeeperOptions, StoreOpener } from '@keyfob/keeper';
import { connectRoutes } from '@keyfob/keeper/connect';
import type { ConnectOptions, ConnectRoutes } from '@keyfob/keeper/connect';
import { armFault } from '@keyfob/sandbox';
import type { Scope } from '../../support/test-directory.ts';
import { FAST, KEYS } from '../kept-world.ts';
import { createBrowser } from './browser.ts';
import type { Browser } from './browser.ts';
import { DIALECTS, connectWorldFor } from './connect-world.ts';
import type { ConnectWorld, DialectName } from './connect-world.ts';

const SITE = 'http://localhost:4711';
const CALLBACK = `${SITE}/callback`;

type Site = ConnectWorld & {
  readonly routes: ConnectRoutes;
  newBrowser(): Browser;
  readonly browser: Browser;
};

/** A site whose owner is signed in as `car-1`. */
const siteFor = async (
  scope: Scope,
  dialect: DialectName = 'smartcar',
  options: Partial<ConnectOptions> = {},
  keeper: Partial<KeeperOptions> = {},
): Promise<Site> => {
  const connected = await connectWorldFor(scope, keeper);
  const { scope: wanted, params } = DIALECTS[dialect];
  const routes = connectRoutes(connected.keeper, {
    client: dialect,
    redirectUri: CALLBACK,
    nameOf: () => 'car-1',
    paramsOf: () => params,
    scope: wanted,
    done: '/cars',
    ...options,
  });
  const ask = (request: Request): Promise<Response> =>
    new URL(request.url).pathname === '/start' ? routes.start(request, request) : routes.callback(request);
  const newBrowser = (): Browser => createBrowser(SITE, ask);
  return { ...connected, routes, newBrowser, browser: newBrowser() };
};

/** Goes to the consent, and stops with the URL by which the owner comes back. */
const consented = async ({ browser }: Pick<Site, 'browser'>, start = '/start'): Promise<string> => {
  const begun = await browser.open(SITE + start);
  const back = await browser.open(begun.headers.get('location') ?? '');
  return back.headers.get('location') ?? '';
};

/** A store that takes no pair while `isAway`. */
const fullDiskFor = (scope: Scope): { isAway: boolean; readonly store: StoreOpener } => {
  const directory = mkdtempSync(join(tmpdir(), 'keeper-connect-full-'));
  scope.after(() => rmSync(directory, { recursive: true }));
  const disk = {
    isAway: true,
    store: (async (clock) => {
      const real = await sqliteStore(join(directory, 'keeper.db'))(clock);
      return {
        ...real,
        put: async (...values) => {
          if (disk.isAway) throw new StoreError('unavailable', 'no space left');
          return real.put(...values);
        },
      };
    }) as StoreOpener,
  };
  return disk;
};

const exchanges = ({ world }: Site): number =>
  world.journal.read({ endpoint: 'token', stage: 'ended' }).requests.length;

describe('the way of an owner to the consent and back', () => {
  for (const dialect of Object.keys(DIALECTS) as DialectName[])
    it(`${dialect}: the pair is kept before the browser is sent on, and the car has a token`, async (scope) => {
      const heard: string[] = [];
      const site = await siteFor(scope, dialect, { onConnected: (name) => void heard.push(name) });
      const { response, urls } = await site.browser.follow(`${SITE}/start`);
      assert.equal(response.status, 303, await response.text());
      assert.equal(urls.at(-1), `${SITE}/cars`);
      assert.deepEqual(heard, ['car-1']);
      assert.equal((await site.keeper.tryToken('car-1')).status, 'ok');
      assert.equal(exchanges(site), 1);
      assert.equal((await site.keeper.refresh('car-1')).kind, 'refreshed');
    });

  it('a refresh token without an access token is kept: the consent was given once', async (scope) => {
    const bodies = ['{"refresh_token":"first\\u0000"}', '{"access_token":"a","refresh_token":"second"}'];
    const transport = async () => ({
      kind: 'answered' as const,
      status: 200,
      headers: {},
      body: bodies.shift() ?? '',
    });
    const { keeper, browser } = await siteFor(scope, 'oauth', {}, { transport });
    const { response } = await browser.follow(`${SITE}/start`);
    assert.equal(response.status, 303);
    assert.equal(await keeper.token('car-1'), 'a');
  });

  it('an owner who consents again brings a car back that needed it', async (scope) => {
    const site = await siteFor(scope);
    await site.browser.follow(`${SITE}/start`);
    await site.keeper.put('car-1', 'smartcar', { refreshToken: '00000000-0000-4000-8000-000000000000' });
    assert.equal((await site.keeper.tryToken('car-1')).status, 'needs_consent');
    await site.browser.follow(`${SITE}/start`);
    assert.equal((await site.keeper.tryToken('car-1')).status, 'ok');
  });

  it('several tabs do not disturb each other', async (scope) => {
    const site = await siteFor(scope);
    const [first, second] = [await consented(site), await consented(site)];
    for (const back of [first, second]) assert.equal((await site.browser.open(back)).status, 303);
  });

  it('sends PKCE where the provider has it, and nothing secret in any URL', async (scope) => {
    const site = await siteFor(scope, 'oauth');
    const begun = await site.browser.open(`${SITE}/start`);
    const url = new URL(begun.headers.get('location') ?? '');
    assert.equal(url.searchParams.get('code_challenge_method'), 'S256');
    const secret = site.world.clients.find('oauth')?.clientSecret ?? '';
    assert.ok(!url.href.includes(secret));
    assert.equal(begun.headers.get('cache-control'), 'no-store');
    assert.equal(begun.headers.get('referrer-policy'), 'no-referrer');
  });
});

describe('what an owner sees instead of a connection', () => {
  it('who declines changes nothing, and can begin again', async (scope) => {
    const site = await siteFor(scope);
    const back = new URL(await consented(site));
    back.searchParams.delete('code');
    back.searchParams.set('error', 'access_denied');
    const response = await site.browser.open(back.href);
    assert.equal(response.status, 200);
    assert.match(await response.text(), /You did not allow[^]*href="start"/);
    assert.equal((await site.keeper.tryToken('car-1')).status, 'needs_consent');
    assert.equal(exchanges(site), 0);
  });

  it('who is not signed in gets no consent page', async (scope) => {
    const site = await siteFor(scope, 'smartcar', { nameOf: () => undefined });
    const response = await site.browser.open(`${SITE}/start`);
    assert.equal(response.status, 403);
    assert.equal(site.browser.cookies.size, 0);
  });

  it('an outage of the token endpoint is one: the same page works when it is over', async (scope) => {
    const site = await siteFor(scope);
    const back = await consented(site);
    armFault(site.world, { do: { status: 503 } });
    const response = await site.browser.open(back);
    assert.equal(response.status, 503);
    assert.equal(response.headers.get('retry-after'), '60');
    assert.equal((await site.browser.open(back)).status, 303);
    assert.equal((await site.keeper.tryToken('car-1')).status, 'ok');
  });

  it('a store that refuses the pair does not lose it: the same page works later, and sends no code again', async (scope) => {
    let isAway = true;
    const store: StoreOpener = async (clock) => {
      const real = await memoryStore()(clock);
      return {
        ...real,
        put: async (...values) => {
          if (isAway) throw new StoreError('unavailable', 'no space left');
          return real.put(...values);
        },
      };
    };
    const site = await siteFor(scope, 'smartcar', {}, { store, timing: { ...FAST, callerWaitMs: 100 } });
    const back = await consented(site);
    assert.equal((await site.browser.open(back)).status, 503);
    isAway = false;
    assert.equal((await site.browser.open(back)).status, 303);
    assert.equal((await site.keeper.tryToken('car-1')).status, 'ok');
    assert.equal(exchanges(site), 1);
  });

  it('and where the owner does not come back, the keeper stores the pair itself', async (scope) => {
    const disk = fullDiskFor(scope);
    const timing = { ...FAST, callerWaitMs: 100 };
    const site = await siteFor(scope, 'smartcar', {}, { store: disk.store, timing, isScheduling: false });
    const back = await consented(site);
    assert.equal((await site.browser.open(back)).status, 503);
    await site.keeper.turn();
    assert.equal((await site.keeper.tryToken('car-1')).status, 'needs_consent');
    disk.isAway = false;
    await site.keeper.turn();
    assert.equal((await site.keeper.tryToken('car-1')).status, 'ok');
    assert.equal((await site.browser.open(back)).status, 303);
    assert.equal(exchanges(site), 1);
  });

  it('but a pair that the connection got later stays', async (scope) => {
    const disk = fullDiskFor(scope);
    const timing = { ...FAST, callerWaitMs: 100 };
    const site = await siteFor(scope, 'smartcar', {}, { store: disk.store, timing, isScheduling: false });
    const back = await consented(site);
    assert.equal((await site.browser.open(back)).status, 503);
    disk.isAway = false;
    const later = { refreshToken: 'later', accessToken: 'later-access', expiresIn: 7200 };
    await site.keeper.put('car-1', 'smartcar', later);
    const isLater = async (): Promise<void> =>
      assert.equal(await site.keeper.token('car-1'), later.accessToken);
    await site.keeper.turn();
    await isLater();
    assert.equal((await site.browser.open(back)).status, 303);
    await isLater();
  });

  it('and where the process ends before, the next one finds the pair in the spool', async (scope) => {
    const directory = mkdtempSync(join(tmpdir(), 'keeper-connect-spool-'));
    const file = join(directory, 'keeper.db');
    const store: StoreOpener = async (clock) => ({
      ...(await sqliteStore(file)(clock)),
      async put() {
        throw new StoreError('unavailable', 'no space left');
      },
    });
    const site = await siteFor(scope, 'smartcar', {}, { store, timing: { ...FAST, callerWaitMs: 100 } });
    assert.equal((await site.browser.open(await consented(site))).status, 503);
    await site.keeper.close();
    for (let start = 0; start < 2; start++) {
      const next = await openKeeper({ store: sqliteStore(file), keys: KEYS, clients: site.clients });
      assert.equal((await next.tryToken('car-1')).status, 'ok');
      await next.close();
    }
    assert.equal(exchanges(site), 1);
    rmSync(directory, { recursive: true });
  });

  it('a keeper that is closed connects nothing', async (scope) => {
    const site = await siteFor(scope);
    const back = await consented(site);
    await site.keeper.close();
    for (const url of [`${SITE}/start`, back]) assert.equal((await site.browser.open(url)).status, 503);
    assert.equal(exchanges(site), 0);
  });

  it('a program shows its own page, and what the provider wrote is in none', async (scope) => {
    const problems: unknown[] = [];
    const site = await siteFor(scope, 'smartcar', {
      onProblem: (problem) => {
        problems.push(problem);
        return problem.kind === 'refused' ? Response.redirect(`${SITE}/failed`, 303) : undefined;
      },
    });
    const back = new URL(await consented(site));
    back.searchParams.delete('code');
    back.searchParams.set('error', '<script>alert(1)</script>');
    const response = await site.browser.open(back.href);
    assert.equal(response.headers.get('location'), `${SITE}/failed`);
    assert.deepEqual(problems, [{ kind: 'refused', status: 502, code: 'unprintable', startAgain: 'start' }]);
  });

  it('only GET is answered: a form of another site, or a HEAD, begins and ends nothing', async (scope) => {
    const site = await siteFor(scope);
    const back = await consented(site);
    for (const method of ['POST', 'HEAD'])
      for (const url of [`${SITE}/start`, back])
        assert.equal((await site.browser.open(url, { method })).status, 405);
    assert.equal(exchanges(site), 0);
  });
});

describe('what a stranger tries', () => {
  it('a callback in another browser than the one that began is refused (login CSRF)', async (scope) => {
    const site = await siteFor(scope);
    const back = await consented(site);
    const victim = site.newBrowser();
    const response = await victim.open(back);
    assert.equal(response.status, 400);
    assert.equal(exchanges(site), 0);
    await consented({ browser: victim });
    assert.equal((await victim.open(back)).status, 400, 'the cookie of another consent does not help');
    assert.equal(exchanges(site), 0);
  });

  it('a callback that is loaded again sends its code once', async (scope) => {
    const site = await siteFor(scope);
    const back = await consented(site);
    const both = await Promise.all([site.browser.open(back), site.browser.open(back)]);
    assert.deepEqual(
      both.map(({ status }) => status),
      [303, 303],
    );
    const later = await site.browser.open(back);
    assert.equal(later.status, 400);
    assert.match(await later.text(), /used already/);
    assert.equal(exchanges(site), 1);
    assert.equal((await site.keeper.tryToken('car-1')).status, 'ok');
  });

  it('a ticket that was changed, made up or given another state is none', async (scope) => {
    const site = await siteFor(scope);
    const back = new URL(await consented(site));
    const [name, ticket] = [...site.browser.cookies][0] ?? ['', ''];
    const changed = ticket.slice(0, -4) + (ticket.endsWith('AAAA') ? 'BBBB' : 'AAAA');
    for (const value of [changed, 'x', '', ticket.slice(0, 40), 'A'.repeat(9000)]) {
      site.browser.cookies.set(name, value);
      assert.equal((await site.browser.open(back.href)).status, 400);
    }
    site.browser.cookies.set(name, ticket);
    for (const state of [
      '',
      'x',
      `${back.searchParams.get('state')?.slice(0, 8)}${'A'.repeat(14)}`,
      '../../etc',
    ]) {
      const other = new URL(back);
      other.searchParams.set('state', state);
      assert.equal((await site.browser.open(other.href)).status, 400);
    }
    back.searchParams.append('state', 'twice');
    assert.equal((await site.browser.open(back.href)).status, 400);
    assert.equal(exchanges(site), 0);
  });

  it("a ticket for one client is none at another client's callback (mix-up)", async (scope) => {
    const site = await siteFor(scope);
    const back = await consented(site);
    const other = connectRoutes(site.keeper, {
      client: 'oauth',
      redirectUri: CALLBACK,
      nameOf: () => 'car-1',
    });
    const cookie = [...site.browser.cookies].map(([name, value]) => `${name}=${value}`).join('; ');
    const response = await other.callback(new Request(back, { headers: { cookie } }));
    assert.equal(response.status, 400);
    assert.equal(exchanges(site), 0);
  });

  it('a stolen code in a consent of their own is refused where the provider has PKCE (code injection)', async (scope) => {
    const site = await siteFor(scope, 'oauth');
    const stolen = new URL(await consented(site)).searchParams.get('code') ?? '';
    const thief = { ...site, browser: site.newBrowser() };
    const back = new URL(await consented(thief));
    back.searchParams.set('code', stolen);
    const response = await thief.browser.open(back.href);
    assert.equal(response.status, 502);
    assert.equal((await site.keeper.tryToken('car-1')).status, 'needs_consent');
  });

  it('a link cannot send the browser elsewhere (open redirect)', async (scope) => {
    const site = await siteFor(scope);
    const elsewhere = [
      'https://evil.example/',
      '//evil.example',
      '/\\evil.example',
      '/\t/evil.example',
      '/x/..//evil.example',
      'javascript:alert(1)',
      '/a\r\nset-cookie: a=b',
      `/${'a'.repeat(2000)}`,
    ];
    for (const to of elsewhere) {
      const { urls } = await site.browser.follow(`${SITE}/start?return_to=${encodeURIComponent(to)}`);
      assert.ok(urls.at(-1)?.startsWith(`${SITE}/`), `${to} -> ${urls.at(-1)}`);
    }
    const { urls } = await site.browser.follow(
      `${SITE}/start?return_to=${encodeURIComponent('/cars/1?tab=2#map')}`,
    );
    assert.equal(urls.at(-1), `${SITE}/cars/1?tab=2#map`);
  });

  it('the name of a connection comes from the session at the start, and from no link', async (scope) => {
    const site = await siteFor(scope);
    await site.browser.follow(`${SITE}/start?name=car-2&nameOf=car-2`);
    assert.equal((await site.keeper.tryToken('car-1')).status, 'ok');
    assert.equal((await site.keeper.tryToken('car-2')).status, 'needs_consent');
  });

  it('nothing secret stands in cookies or in the log', async (scope) => {
    const site = await siteFor(scope, 'oauth');
    const back = new URL(await consented(site));
    const seen = JSON.stringify([...site.browser.cookies]);
    await site.browser.open(back.href);
    const token = await site.keeper.token('car-1');
    const secrets = [token, back.searchParams.get('code') ?? '', 'car-1'];
    for (const secret of secrets)
      assert.ok(!seen.includes(secret) && !JSON.stringify(site.log).includes(secret));
    assert.ok(site.log.some(({ event }) => event === 'connect.ended'));
  });
});

describe('routes that can never work', () => {
  it('are refused when they are made', async (scope) => {
    const { keeper } = await connectWorldFor(scope);
    const make = (more: Partial<ConnectOptions>): (() => unknown) => {
      const options = { client: 'smartcar', redirectUri: CALLBACK, nameOf: () => 'car-1', ...more };
      return () => connectRoutes(keeper, options);
    };
    for (const [more, code] of [
      [{ client: 'none' }, 'client_unknown'],
      [{ redirectUri: 'http://app.example/callback' }, 'redirect_uri_invalid'],
      [{ redirectUri: '/callback' }, 'redirect_uri_invalid'],
      [{ redirectUri: 'https://app.example/callback#x' }, 'redirect_uri_invalid'],
    ] as const)
      assert.throws(make(more), { name: 'KeeperError', code });
  });
});
