import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { TestContext } from 'node:test';
import { addOperatorKey } from '@keyfob/server';
import { adminClient, operatorKey } from '../support/admin-request.ts';
import type { KeyfobServer } from '../support/keyfob-process.ts';
import { openLivelyConsole } from '../support/lively-console.ts';
import { adminUrlOf } from '../support/metrics-request.ts';
import { refreshSmartcar } from '../support/refresh-request.ts';
import { grantFor, serverFor } from '../support/test-directory.ts';

const WITH_ADMIN = { args: ['--admin-port', '0'] };
const REASON = 'a test asks for it';

type Reader = ReadableStreamDefaultReader<string>;

/** Follows what happens, with an operator key. */
const follow = async (t: TestContext, adminUrl: string, key: string): Promise<Reader> => {
  const stop = new AbortController();
  t.after(() => stop.abort());
  const { body } = await fetch(`${adminUrl}/api/v1/events/live`, {
    headers: { Authorization: `Bearer ${key}` },
    signal: stop.signal,
  });
  assert.ok(body);
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  await reader.read();
  return reader;
};

const readUntil = async (reader: Reader, wanted: string): Promise<string> => {
  let text = '';
  while (!text.includes(wanted)) {
    const { value, done } = await reader.read();
    assert.ok(!done, text);
    text += value;
  }
  return text;
};

/** All that the audit log holds, as text. */
const auditOf = async (server: KeyfobServer): Promise<string> =>
  JSON.stringify(await server.command('audit', 'list', '--limit', '500'));

describe('a viewer', () => {
  test('sees no address live, whichever member of an event has it', async (t) => {
    const server = await serverFor(t, WITH_ADMIN);
    const { grant, client } = await grantFor(server, 'smartcar');
    const reader = await follow(t, adminUrlOf(server), await operatorKey(server, 'viewer'));
    for (const agent of ['one', 'other'])
      await refreshSmartcar(server.url, client, grant.refreshToken, { 'User-Agent': agent });
    const text = await readUntil(reader, '"refresh.repeated_by_other"');
    assert.match(text, /"firstUsedBy":null/);
    assert.doesNotMatch(text, /127\.0\.0\.1|::1/);
  });
});

describe('a key that was removed', () => {
  test('reads a live stream that it opened before no further', async (t) => {
    t.mock.timers.enable({ apis: ['setInterval'] });
    const trial = await openLivelyConsole();
    t.after(() => trial.close());
    const { deployment } = trial.server;
    const added = await addOperatorKey(deployment, { name: 'a', role: 'viewer', expiresInSeconds: 3600 });
    assert.equal(added.outcome, 'added');
    const reader = await follow(t, trial.adminUrl, added.text);
    t.mock.timers.tick(15_000);
    await readUntil(reader, ': alive');
    assert.equal(await deployment.store.removeOperatorKey(added.key.id), 'removed');
    t.mock.timers.tick(15_000);
    for (;;) if ((await reader.read()).done) break;
  });
});

describe('a cookie that was stolen', () => {
  test('is worth nothing after a command or an administrator ended all sessions', async (t) => {
    const server = await serverFor(t, WITH_ADMIN);
    const adminUrl = adminUrlOf(server);
    const signIn = async (): Promise<string> => {
      const { link } = await server.command<{ readonly link: string }>(
        'console',
        'login',
        '--admin-port',
        '1',
      );
      const response = await fetch(`${adminUrl}/console/login`, {
        method: 'POST',
        headers: { Origin: adminUrl },
        body: new URLSearchParams({ link: new URL(link).searchParams.get('link') ?? '' }),
        redirect: 'manual',
      });
      return (response.headers.getSetCookie()[0] ?? '').split(';')[0] ?? '';
    };
    const statusFor = async (cookie: string): Promise<number> =>
      (await fetch(`${adminUrl}/api/v1/clients`, { headers: { Cookie: cookie } })).status;
    const [stolen, other] = [await signIn(), await signIn()];
    assert.deepEqual([await statusFor(stolen), await statusFor(other)], [200, 200]);
    assert.deepEqual(await server.command('console', 'logout', '--reason', 'a laptop was lost'), {
      ended: 2,
    });
    assert.deepEqual([await statusFor(stolen), await statusFor(other)], [401, 401]);
    const again = await signIn();
    const key = await operatorKey(server, 'admin');
    const ended = await adminClient(server, key)('POST', '/operator-sessions/end', { reason: REASON });
    assert.deepEqual([ended.status, ended.body], [200, { ended: 1 }]);
    assert.equal(await statusFor(again), 401);
    assert.match(await auditOf(server), /console\.sign_out_all.*a laptop was lost/s);
  });
});

describe('what somebody pastes in the wrong place', () => {
  for (const dialect of ['smartcar', 'pleos'] as const)
    test(`a token, a secret or a key of ${dialect} as a reason or a name is refused and stored nowhere`, async (t) => {
      const server = await serverFor(t, WITH_ADMIN);
      const { grant, client } = await grantFor(server, dialect);
      const key = await operatorKey(server, 'admin');
      const ask = adminClient(server, key);
      const revoke = `/grants/${grant.grantId}/revoke`;
      for (const secret of [grant.refreshToken, grant.accessToken, client.clientSecret, key]) {
        const refused = await ask('POST', revoke, { reason: `the owner sent ${secret}.`.slice(-500) });
        assert.deepEqual([refused.status, refused.body['code']], [422, 'body_invalid']);
        assert.ok(!JSON.stringify(refused.body).includes(secret));
        const named = { name: secret, reason: REASON };
        assert.equal((await ask('POST', `/clients/${client.clientId}/secrets`, named)).status, 422);
        await assert.rejects(server.command('grant', 'revoke', grant.grantId, '--reason', secret));
        await assert.rejects(server.command('grant', 'revoke', secret));
        await ask('DELETE', `/operator-keys/${secret}`, undefined, { 'Keyfob-Reason': REASON });
        const all = `${await auditOf(server)}${server.log()}`;
        assert.ok(!all.includes(secret), all);
      }
      // The ids of clients and requests look like the tokens of one dialect, and are no secrets.
      const reason = `for client ${client.clientId}`;
      assert.equal((await ask('POST', revoke, { reason })).status, 200);
      assert.ok((await auditOf(server)).includes(reason));
    });

  for (const dialect of ['smartcar', 'pleos'] as const)
    test(`a token of ${dialect} where an id is expected is stored nowhere`, async (t) => {
      const server = await serverFor(t, WITH_ADMIN);
      const { grant, client } = await grantFor(server, dialect);
      const ask = adminClient(server, await operatorKey(server, 'operator'));
      const token = grant.refreshToken;
      assert.equal((await ask('POST', '/jobs/count', { requestId: token })).status, 200);
      await ask('POST', '/jobs', { clientId: token, action: 'revoke', count: 1, reason: REASON });
      const hook = { url: 'https://example.com/hook', clientId: token, reason: REASON };
      assert.equal((await ask('POST', '/webhooks', hook)).status, 422);
      const named = { clientId: client.clientId };
      assert.equal((await ask('POST', '/jobs/count', named)).status, 200);
      const stored = await auditOf(server);
      assert.ok(!stored.includes(token), stored);
      assert.match(stored, /"clientId":"\[left out\]"/);
      assert.ok(stored.includes(client.clientId));
    });
});

describe('the audit log', () => {
  test('has the ids of keys that somebody gives a client, and no private key', async (t) => {
    const server = await serverFor(t, WITH_ADMIN);
    const { client } = await grantFor(server, 'smartcar');
    const ask = adminClient(server, await operatorKey(server, 'operator'));
    const keys = [{ kty: 'oct', kid: 'first', k: 'a-short-secret' }, null, 7];
    const path = `/clients/${client.clientId}`;
    assert.equal((await ask('PATCH', path, { jwks: { keys }, reason: REASON })).status, 422);
    const stored = await auditOf(server);
    assert.match(stored, /"jwks":\["first","",""\]/);
    assert.doesNotMatch(stored, /a-short-secret/);
  });

  test('says all of a change, or the change is not done', async (t) => {
    const server = await serverFor(t, WITH_ADMIN);
    const { client } = await grantFor(server, 'smartcar');
    const ask = adminClient(server, await operatorKey(server, 'operator'));
    const path = `/clients/${client.clientId}`;
    const long = Array.from({ length: 40 }, (_, at) => `https://app.example/${at}?${'a.b.'.repeat(50)}`);
    const many = { redirectUris: [...long, 'https://evil.example/cb'], reason: REASON };
    const refused = await ask('PATCH', path, many);
    assert.deepEqual([refused.status, refused.body['code']], [422, 'body_invalid']);
    assert.match(String(refused.body['detail']), /too much for one entry of the audit log/);
    const { body } = await ask('GET', path);
    assert.doesNotMatch(JSON.stringify(body), /evil/);
    const few = { addedRedirectUris: ['https://app.example/cb'], reason: REASON };
    assert.equal((await ask('PATCH', path, few)).status, 200);
    assert.match(await auditOf(server), /https:\/\/app.example\/cb/);
  });

  test('has an entry of a grant that somebody follows by name', async (t) => {
    const server = await serverFor(t, WITH_ADMIN);
    const { grant } = await grantFor(server, 'smartcar');
    const key = await operatorKey(server, 'support');
    const stop = new AbortController();
    t.after(() => stop.abort());
    const followed = await fetch(
      `${adminUrlOf(server)}/api/v1/events/live?grantId=${grant.grantId.toUpperCase()}`,
      { headers: { Authorization: `Bearer ${key}` }, signal: stop.signal },
    );
    assert.equal(followed.status, 200);
    assert.match(await auditOf(server), new RegExp(`"grant.read","target":"grant:${grant.grantId}"`));
  });
});
