import assert from 'node:assert/strict';
import { once } from 'node:events';
import { describe, test } from 'node:test';
import { createAuthorizationServer } from '@keyfob/server';
import type { LogEvent } from '@keyfob/server';
import { makeClient, makeGrant } from '../support/make-client.ts';
import type { MadeClient } from '../support/keyfob-process.ts';
import { refreshFrom } from './address-request.ts';
import { DIALECTS } from '../support/refresh-request.ts';
import type { DialectName } from '../support/dialect-name.ts';
import { directoryFor, grantFor, serverFor } from '../support/test-directory.ts';
import type { Scope } from '../support/test-directory.ts';

const HOME = '127.0.0.1';
const ATTACKER = '127.0.0.2';
const HELPER = '127.0.0.3';
const STRANGER = '127.0.0.4';

const UUID = '0d3a5d8e-9f0b-41c6-8d2e-7a6b5c4d3e2f';
const REFUSED: Readonly<Record<DialectName, number>> = { smartcar: 401, pleos: 400 };

const LIMITS = {
  KEYFOB_AUTHENTICATION_FAILURES_PER_ADDRESS_MAX: '5',
  KEYFOB_AUTHENTICATION_FAILURES_PER_CLIENT_MAX: '8',
  // Longer than a test runs, so that no failure is forgotten.
  KEYFOB_AUTHENTICATION_FAILURES_WINDOW_SECONDS: '86400',
};

const wrongSecretOf = ({ clientId }: MadeClient): MadeClient => ({ clientId, clientSecret: 'guess' });

describe('Guessing is throttled', () => {
  for (const dialect of DIALECTS) {
    test(`${dialect}: a guesser is refused with Retry-After, and the real client is affected nowhere`, async (t) => {
      const server = await serverFor(t, { environment: LIMITS });
      const at = { url: server.url, dialect };
      const { client, grant } = await grantFor(server, dialect);
      const wrong = wrongSecretOf(client);
      const first = await refreshFrom(HOME, at, client, grant.refreshToken);
      assert.equal(first.status, 200, first.text);

      for (let guess = 0; guess < 5; guess++)
        assert.equal((await refreshFrom(ATTACKER, at, wrong, UUID)).status, REFUSED[dialect]);
      for (const tried of [wrong, { clientId: UUID, clientSecret: 'guess' }]) {
        const away = await refreshFrom(ATTACKER, at, tried, first.refreshToken);
        assert.equal(away.status, 429, 'whether or not the client exists');
        assert.equal(away.retryAfter, String(86_400 / 5));
        assert.equal(away.refreshToken, '');
      }
      for (let guess = 0; guess < 3; guess++)
        assert.equal((await refreshFrom(HELPER, at, wrong, UUID)).status, REFUSED[dialect]);
      const stranger = await refreshFrom(STRANGER, at, wrong, UUID);
      assert.deepEqual([stranger.status, stranger.retryAfter], [429, String(86_400 / 8)]);

      const second = await refreshFrom(HOME, at, client, first.refreshToken);
      assert.equal(second.status, 200, 'none of that used its token or kept it away');
      const moved = await refreshFrom(STRANGER, at, client, second.refreshToken);
      assert.equal(moved.status, 200, 'the client is known by its secret where it never was before');
      const shared = await refreshFrom(ATTACKER, at, client, moved.refreshToken);
      assert.equal(shared.status, 200, 'also at the address of the guesser');
      const other = await grantFor(server, dialect);
      let token = other.grant.refreshToken;
      for (const address of [STRANGER, ATTACKER]) {
        const unharmed = await refreshFrom(address, at, other.client, token);
        assert.equal(unharmed.status, 200, 'nor does it concern another client');
        token = unharmed.refreshToken;
      }
    });
  }

  test('failures of an address count across dialects, and unknown ids count too', async (t) => {
    const server = await serverFor(t, { environment: LIMITS });
    for (let guess = 0; guess < 5; guess++) {
      const dialect = DIALECTS[guess % 2] ?? 'smartcar';
      const nobody = { clientId: `nobody-${guess}`, clientSecret: 'guess' };
      const answer = await refreshFrom(ATTACKER, { url: server.url, dialect }, nobody, UUID);
      assert.equal(answer.status, REFUSED[dialect]);
    }
    for (const dialect of DIALECTS) {
      const { client, grant } = await grantFor(server, dialect);
      const at = { url: server.url, dialect };
      assert.equal((await refreshFrom(ATTACKER, at, wrongSecretOf(client), UUID)).status, 429);
      assert.equal((await refreshFrom(ATTACKER, at, client, grant.refreshToken)).status, 200);
    }
  });

  for (const path of ['/oauth/introspect', '/oauth/revoke', '/oauth2/token']) {
    test(`a guess at ${path} counts as well, and a throttled caller is refused there too`, async (t) => {
      const server = await serverFor(t, { environment: LIMITS });
      const { client, grant } = await grantFor(server, 'smartcar');
      const ask = (clientSecret: string) => {
        const form = { client_id: client.clientId, client_secret: clientSecret, token: grant.accessToken };
        const body = new URLSearchParams({ ...form, grant_type: 'client_credentials' });
        return fetch(`${server.url}${path}`, { method: 'POST', body });
      };
      for (let guess = 0; guess < 5; guess++) assert.equal((await ask('guess')).status, 401);
      const away = await ask('guess');
      assert.deepEqual([away.status, away.headers.get('retry-after')], [429, String(86_400 / 5)]);
      const at = { url: server.url, dialect: 'smartcar' } as const;
      assert.equal((await refreshFrom(HOME, at, wrongSecretOf(client), UUID)).status, 429);
      assert.equal((await refreshFrom(ATTACKER, at, wrongSecretOf(client), UUID)).status, 401);
      assert.notEqual((await ask(client.clientSecret)).status, 429);
    });
  }

  test('simultaneous guesses are counted one by one', async (t) => {
    const server = await serverFor(t, { environment: LIMITS });
    const { client } = await grantFor(server, 'smartcar');
    const at = { url: server.url, dialect: 'smartcar' } as const;
    const answers = await Promise.all(
      Array.from({ length: 40 }, () => refreshFrom(ATTACKER, at, wrongSecretOf(client), UUID)),
    );
    assert.equal(answers.filter(({ status }) => status === 401).length, 5);
    assert.equal(answers.filter(({ status }) => status === 429).length, 35);
  });

  test('many refused requests make one log line, and no line contains an invented client id', async (t) => {
    const server = await serverFor(t, { environment: LIMITS });
    const at = { url: server.url, dialect: 'smartcar' } as const;
    const nobody = { clientId: 'made-up-by-somebody', clientSecret: 'guess' };
    for (let guess = 0; guess < 25; guess++) await refreshFrom(ATTACKER, at, nobody, UUID);
    const closed = once(server.child, 'close');
    await server.stop();
    await closed;
    const lines = server
      .log()
      .split('\n')
      .filter((line) => line.includes('"event":"client.'));
    const throttled = lines.filter((line) => line.includes('client.throttled'));
    assert.equal(throttled.length, 1);
    const { level, bucket, failures, refused, caller } = JSON.parse(throttled[0] ?? '') as Record<
      string,
      unknown
    >;
    assert.deepEqual(
      [level, bucket, failures, refused, caller],
      [40, 'address', 5, 1, { address: ATTACKER, userAgent: 'address/1' }],
    );
    assert.equal(lines.filter((line) => line.includes('client.refused')).length, 5);
    assert.ok(!server.log().includes('made-up'));
  });

  test('behind a trusted proxy the caller is the address that the proxy adds, whatever the header said before', async (t) => {
    const server = await serverFor(t, { environment: { ...LIMITS, KEYFOB_FORWARDED_HOPS: '1' } });
    const { client, grant } = await grantFor(server, 'smartcar');
    const from = (forwarded: string) =>
      ({ url: server.url, dialect: 'smartcar', headers: { 'x-forwarded-for': forwarded } }) as const;
    for (let guess = 0; guess < 5; guess++) {
      const spoofed = from(`192.0.2.${guess}, 2001:db8:1:2::${guess}`);
      assert.equal((await refreshFrom(HOME, spoofed, wrongSecretOf(client), UUID)).status, 401);
    }
    const again = from('192.0.2.99, 2001:db8:1:2:ffff::1');
    assert.equal((await refreshFrom(HOME, again, wrongSecretOf(client), UUID)).status, 429);
    assert.equal((await refreshFrom(HOME, again, client, grant.refreshToken)).status, 200);
    const other = await refreshFrom(HOME, from('2001:db8:1:3::1'), wrongSecretOf(client), UUID);
    assert.equal(other.status, 401, other.text);
    const malformed = await refreshFrom(HOME, from('2001:db8:1:2::1, unknown'), wrongSecretOf(client), UUID);
    assert.equal(malformed.status, 401, 'then it is the address of the connection, which did nothing');
  });

  test('without trusted proxies a header does not change the address', async (t) => {
    const server = await serverFor(t, { environment: LIMITS });
    const { client } = await grantFor(server, 'smartcar');
    const from = (forwarded: string) =>
      ({ url: server.url, dialect: 'smartcar', headers: { 'x-forwarded-for': forwarded } }) as const;
    for (let guess = 0; guess < 5; guess++)
      await refreshFrom(ATTACKER, from(`192.0.2.${guess}`), wrongSecretOf(client), UUID);
    assert.equal((await refreshFrom(ATTACKER, from('192.0.2.9'), wrongSecretOf(client), UUID)).status, 429);
  });

  test('limits of 0 allow any number of failures', async (t) => {
    const off = { ...LIMITS };
    off.KEYFOB_AUTHENTICATION_FAILURES_PER_ADDRESS_MAX = '0';
    off.KEYFOB_AUTHENTICATION_FAILURES_PER_CLIENT_MAX = '0';
    const server = await serverFor(t, { environment: off });
    const { client } = await grantFor(server, 'smartcar');
    const at = { url: server.url, dialect: 'smartcar' } as const;
    for (let guess = 0; guess < 30; guess++)
      assert.equal((await refreshFrom(ATTACKER, at, wrongSecretOf(client), UUID)).status, 401);
  });
});

/** A server in this process with a clock that the test moves. */
const serverWithClock = async (scope: Scope) => {
  let nowMs = Date.now();
  const events: LogEvent[] = [];
  const server = await createAuthorizationServer(
    { data: directoryFor(scope), port: 0 },
    { emit: (event) => events.push(event), clock: () => nowMs },
  );
  scope.after(() => server.close());
  const { deployment } = server;
  const { url } = await server.listen();
  const made = await makeClient(deployment, { dialect: 'smartcar', name: '' });
  const clientId = made.client.id;
  const wanted = { clientId, subject: 'owner-1', scope: '', brand: undefined };
  const { tokens } = await makeGrant(deployment, wanted);
  return {
    at: { url, dialect: 'smartcar' } as const,
    client: { clientId, clientSecret: made.clientSecret },
    refreshToken: tokens.refreshToken,
    events,
    passSeconds: (seconds: number) => void (nowMs += seconds * 1000),
  };
};

describe('After the throttle refused a caller', () => {
  test('one more failure is admitted after Retry-After, and not a second earlier', async (t) => {
    const { at, client, refreshToken, passSeconds } = await serverWithClock(t);
    const wrong = wrongSecretOf(client);
    for (let guess = 0; guess < 20; guess++)
      assert.equal((await refreshFrom(HOME, at, wrong, UUID)).status, 401);
    const away = await refreshFrom(HOME, at, wrong, UUID);
    assert.deepEqual([away.status, away.retryAfter], [429, '3']);
    passSeconds(Number(away.retryAfter) - 1);
    assert.equal((await refreshFrom(HOME, at, wrong, UUID)).retryAfter, '1');
    passSeconds(1);
    assert.equal((await refreshFrom(HOME, at, wrong, UUID)).status, 401);
    const right = await refreshFrom(HOME, at, client, refreshToken);
    assert.equal(right.status, 200, right.text);
  });

  test('the counts are reported once per minute', async (t) => {
    const { at, client, events, passSeconds } = await serverWithClock(t);
    const throttled = () => events.flatMap((event) => (event.event === 'client.throttled' ? [event] : []));
    for (let guess = 0; guess < 30; guess++) await refreshFrom(HOME, at, wrongSecretOf(client), UUID);
    passSeconds(59);
    for (let guess = 0; guess < 30; guess++) await refreshFrom(HOME, at, wrongSecretOf(client), UUID);
    assert.equal(throttled().length, 1);
    passSeconds(1);
    // Now one more failure is admitted, so there is something to report.
    for (let guess = 0; guess < 2; guess++) await refreshFrom(HOME, at, wrongSecretOf(client), UUID);
    assert.deepEqual(
      throttled().map(({ bucket, clientId, failures, refused }) => [bucket, clientId, failures, refused]),
      [
        ['address', undefined, 20, 1],
        ['address', undefined, 19 + 1, 9 + 11 + 1],
      ],
    );
  });
});
