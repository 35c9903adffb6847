import assert from 'node:assert/strict';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, test } from 'node:test';
import { describeAdminApi, faultOfEntry, NO_ENTRY } from '@keyfob/server/operators';
import { createConfig, lintFromString } from '@redocly/openapi-core';
import { adminClient as plainClient, operatorKey } from '../support/admin-request.ts';
import { assertDescribed } from './described.ts';
import type { AdminClient } from '../support/admin-request.ts';
import { runKeyfob } from '../support/keyfob-process.ts';
import type { KeyfobServer } from '../support/keyfob-process.ts';
import { adminUrlOf } from '../support/metrics-request.ts';
import { refreshSmartcar } from '../support/refresh-request.ts';
import { directoryFor, grantFor, runOn, serverFor } from '../support/test-directory.ts';

/** Every answer of these tests must be as the description says. */
const adminClient = (server: KeyfobServer, key?: string): AdminClient =>
  plainClient(server, key, assertDescribed);

const WITH_ADMIN = { args: ['--admin-port', '0'] };
const REASON = 'a test asks for it';

type Entry = {
  readonly action: string;
  readonly target: string;
  readonly outcome: string;
  readonly reason: string;
  readonly details: Readonly<Record<string, unknown>>;
};

const entriesOf = async (ask: AdminClient): Promise<readonly Entry[]> =>
  (await ask('GET', '/audit?limit=200')).body['entries'] as readonly Entry[];

test('Redocly finds nothing in the description, and a server serves it', async (t) => {
  const config = await createConfig({ extends: ['recommended-strict'] });
  const source = JSON.stringify(describeAdminApi());
  const problems = await lintFromString({ source, config });
  assert.deepEqual(
    problems.map(({ ruleId, message, location: [place] }) => `${ruleId}: ${message} ${place?.pointer ?? ''}`),
    [],
  );
  const served = await fetch(`${adminUrlOf(await serverFor(t, WITH_ADMIN))}/api/v1/openapi.json`);
  assert.equal(await served.text(), `${source}\n`);
});

describe('the admin API', () => {
  test('nobody gets in without a key, with a wrong one, or with one that was removed', async (t) => {
    const server = await serverFor(t, WITH_ADMIN);
    const key = await operatorKey(server, 'admin');
    for (const wrong of [
      undefined,
      'kfo_',
      `kfo_${'A'.repeat(43)}`,
      `${key}x`,
      key.toUpperCase(),
      'x'.repeat(199),
    ]) {
      const { status, body, headers } = await adminClient(server, wrong)('GET', '/clients');
      assert.deepEqual([status, body['code']], [401, 'not_authenticated']);
      assert.match(headers.get('www-authenticate') ?? '', /^Bearer/);
      assert.equal(headers.get('content-type'), 'application/problem+json');
    }
    // A stranger does not learn which paths there are.
    assert.equal((await adminClient(server)('GET', '/nothing')).status, 401);
    const ask = adminClient(server, key);
    assert.equal((await ask('GET', '/nothing')).status, 404);
    assert.equal((await ask('PUT', '/clients')).status, 405);
    const listed = await ask('GET', '/operator-keys');
    const [mine] = listed.body['operatorKeys'] as readonly {
      readonly keyId: string;
      readonly lastUsedAt: string;
    }[];
    assert.ok(mine?.lastUsedAt);
    assert.doesNotMatch(JSON.stringify(listed.body), /kfo_/);
    const removed = await ask('DELETE', `/operator-keys/${mine.keyId}`, undefined, {
      'Keyfob-Reason': 'the%20test',
    });
    assert.equal(removed.status, 204);
    assert.equal((await ask('GET', '/clients')).status, 401);
    assert.doesNotMatch(server.log(), /kfo_/);
  });

  test('a role does what its permissions say and nothing more', async (t) => {
    const server = await serverFor(t, WITH_ADMIN);
    const { grant, client } = await grantFor(server, 'smartcar');
    const [viewer, support, operator] = await Promise.all(
      ['viewer', 'support', 'operator'].map(async (role) =>
        adminClient(server, await operatorKey(server, role)),
      ),
    );
    assert.ok(viewer && support && operator);
    const seen = await viewer('GET', `/grants/${grant.grantId}`);
    assert.deepEqual([seen.status, seen.body['subject']], [200, null]);
    const revoke = `/grants/${grant.grantId}/revoke`;
    for (const [ask, method, path, body] of [
      [viewer, 'POST', revoke, { reason: REASON }],
      [viewer, 'POST', '/grants/find', { subject: 'owner-1' }],
      [viewer, 'POST', '/grants/find', { token: grant.refreshToken }],
      [viewer, 'GET', '/audit', undefined],
      [support, 'POST', `/clients/${client.clientId}/secrets`, { reason: REASON }],
      [support, 'PATCH', `/clients/${client.clientId}`, { isDisabled: true, reason: REASON }],
      [support, 'POST', '/jobs', { clientId: client.clientId, action: 'revoke', count: 1, reason: REASON }],
      [operator, 'GET', '/operator-keys', undefined],
      [operator, 'POST', '/operator-keys', { name: 'me', role: 'admin', reason: REASON }],
      [operator, 'POST', '/keys/rotate', { reason: REASON }],
    ] as const) {
      const { status, body: problem } = await ask(method, path, body);
      assert.deepEqual([status, problem['code'], path], [403, 'not_permitted', path]);
    }
    const subject = String((await support('GET', `/grants/${grant.grantId}`)).body['subject']);
    assert.equal((await support('POST', '/owners/export', { subject, reason: REASON })).status, 403);
    assert.equal((await operator('POST', '/owners/export', { subject })).body['code'], 'reason_missing');
    const { body: records } = await operator('POST', '/owners/export', { subject, reason: REASON });
    assert.deepEqual(
      (records['consents'] as readonly { readonly grantId: string }[]).map(({ grantId }) => grantId),
      [grant.grantId],
    );
    const nobody = await operator('POST', '/owners/export', { subject: 'nobody', reason: REASON });
    assert.equal(nobody.status, 404);
    const exported = (await entriesOf(operator)).filter(({ action }) => action === 'owner.export');
    assert.deepEqual(
      exported.map(({ outcome }) => outcome),
      ['not_done', 'asked', 'asked'],
    );
    assert.ok(
      !JSON.stringify(exported).includes(subject) && JSON.stringify(exported).includes(grant.grantId),
    );
    const found = await support('POST', '/grants/find', {
      subject: String((await support('GET', `/grants/${grant.grantId}`)).body['subject']),
    });
    assert.equal((found.body['grants'] as readonly unknown[]).length, 1);
    assert.equal((await support('POST', revoke, { reason: REASON })).body['status'], 'revoked');
  });

  test('a grant is found by a pasted token, which is nowhere afterwards', async (t) => {
    const server = await serverFor(t, WITH_ADMIN);
    const { grant, client } = await grantFor(server, 'smartcar');
    const ask = adminClient(server, await operatorKey(server, 'admin'));
    await refreshSmartcar(server.url, client, grant.refreshToken);
    for (const token of [grant.refreshToken, grant.accessToken]) {
      const { body } = await ask('POST', '/grants/find', { token });
      assert.deepEqual(
        (body['grants'] as readonly { readonly grantId: string }[]).map(({ grantId }) => grantId),
        [grant.grantId],
      );
      const all = JSON.stringify([body, await entriesOf(ask), server.log()]);
      assert.ok(!all.includes(token));
    }
    const { body } = await ask('POST', '/grants/find', { token: grant.refreshToken });
    assert.deepEqual((body['token'] as Record<string, unknown>)['generation'], 0);
    const unknown = await ask('POST', '/grants/find', { token: 'e0b16e05-2f7a-4f1b-8a37-000000000000' });
    assert.deepEqual(unknown.body['grants'], []);
    const [look] = await entriesOf(ask);
    assert.deepEqual([look?.action, look?.outcome], ['grant.find', 'seen']);
  });

  test('a write needs a reason, and is in the audit log before it is done, with its outcome where it was not', async (t) => {
    const server = await serverFor(t, WITH_ADMIN);
    const { grant } = await grantFor(server, 'smartcar');
    const ask = adminClient(server, await operatorKey(server, 'admin'));
    const revoke = `/grants/${grant.grantId}/revoke`;
    const without = await ask('POST', revoke, {});
    assert.deepEqual([without.status, without.body['code']], [400, 'reason_missing']);
    assert.equal((await ask('POST', revoke, { reason: 'x' })).status, 422);
    assert.equal((await ask('POST', revoke, { reason: REASON })).status, 200);
    assert.equal((await ask('POST', revoke, { reason: 'once more' })).status, 200);
    const target = `grant:${grant.grantId}`;
    const about = (await entriesOf(ask)).filter((entry) => entry.target === target);
    assert.deepEqual(
      about.map(({ action, outcome, reason }) => [action, outcome, reason]),
      [
        ['grant.revoke', 'not_done', 'once more'],
        ['grant.revoke', 'asked', 'once more'],
        ['grant.revoke', 'asked', REASON],
        ['grant.create', 'asked', ''],
      ],
    );
    assert.equal(
      (await ask('POST', `/grants/${grant.grantId}/reinstate`, { reason: REASON })).body['status'],
      'active',
    );
  });

  test('an entry names what is made', async (t) => {
    const server = await serverFor(t, WITH_ADMIN);
    const ask = adminClient(server, await operatorKey(server, 'admin'));
    for (const [path, kind, id, body] of [
      ['/clients', 'client', 'clientId', { dialect: 'oauth', name: 'Charge planner' }],
      ['/webhooks', 'webhook', 'webhookId', { url: 'https://hooks.example/in' }],
      ['/operator-keys', 'operator_key', 'keyId', { name: 'Day desk', role: 'viewer' }],
      ['/registration-tokens', 'registration_token', 'tokenId', { dialect: 'oauth', name: 'Example GmbH' }],
    ] as const) {
      const made = await ask('POST', path, { ...body, reason: REASON });
      assert.equal(made.status, 201, path);
      const [newest] = await entriesOf(ask);
      assert.equal(newest?.target, `${kind}:${String(made.body[id])}`);
    }
  });

  test('what the client ended cannot be put back, and the audit log says so', async (t) => {
    const server = await serverFor(t, WITH_ADMIN);
    const ask = adminClient(server, await operatorKey(server, 'support'));
    const { client, grant } = await grantFor(server, 'smartcar');
    const { clientId, clientSecret } = client;
    const body = new URLSearchParams({
      token: grant.refreshToken,
      client_id: clientId,
      client_secret: clientSecret,
    });
    const revoked = await fetch(`${server.url}/oauth/revoke`, { method: 'POST', body });
    assert.equal(revoked.status, 200);
    const answer = await ask('POST', `/grants/${grant.grantId}/reinstate`, { reason: REASON });
    assert.deepEqual([answer.status, answer.body['code']], [409, 'conflict']);
    assert.equal((await ask('GET', `/grants/${grant.grantId}`)).body['status'], 'revoked');
  });

  test('a write with an Idempotency-Key is done once; one that was refused may be asked for again', async (t) => {
    const server = await serverFor(t, WITH_ADMIN);
    const ask = adminClient(server, await operatorKey(server, 'admin'));
    const key = { 'Idempotency-Key': 'order-1' };
    const client = { dialect: 'oauth', name: 'Charge planner', reason: REASON };
    const bad = await ask('POST', '/clients', { ...client, dialect: 'none' }, key);
    assert.equal(bad.status, 422);
    const answers = await Promise.all([1, 2, 3].map(() => ask('POST', '/clients', client, key)));
    const statuses = answers.map(({ status }) => status);
    assert.deepEqual(
      statuses.sort((left, right) => left - right),
      [201, 409, 409],
    );
    const other = await ask('POST', '/clients', { ...client, name: 'Trip planner' }, key);
    assert.deepEqual([other.status, other.body['code']], [422, 'key_of_another_write']);
    assert.equal(((await ask('GET', '/clients')).body['clients'] as readonly unknown[]).length, 1);
    assert.equal((await ask('POST', '/clients', client, key)).body['code'], 'already_asked');
  });

  test('a job changes what its filter finds, only if the count is repeated back', async (t) => {
    const server = await serverFor(t, WITH_ADMIN);
    const { client } = await grantFor(server, 'smartcar');
    for (const subject of ['owner-a', 'owner-b'])
      await server.command('grant', 'create', '--client', client.clientId, '--subject', subject);
    const ask = adminClient(server, await operatorKey(server, 'operator'));
    const filter = { clientId: client.clientId };
    const { count } = (await ask('POST', '/jobs/count', filter)).body;
    assert.equal(count, 3);
    assert.deepEqual((await ask('POST', '/jobs/count', { subject: 'owner-a' })).body, { count: 1 });
    const admin = adminClient(server, await operatorKey(server, 'admin'));
    const look = (await entriesOf(admin)).find(({ action }) => action === 'grant.count');
    assert.deepEqual(look?.details, { by: ['subject'], found: 1 });
    const job = { ...filter, action: 'revoke', reason: REASON };
    assert.equal((await ask('POST', '/jobs', { action: 'revoke', count: 3, reason: REASON })).status, 422);
    const differs = await ask('POST', '/jobs', { ...job, count: 2 });
    assert.deepEqual([differs.status, differs.body['code']], [409, 'count_differs']);
    const started = await ask('POST', '/jobs', { ...job, count });
    assert.equal(started.status, 202);
    let read;
    do read = (await ask('GET', `/jobs/${String(started.body['jobId'])}`)).body;
    while (read['state'] === 'running');
    assert.deepEqual([read['state'], read['changed']], ['finished', 3]);
    const revoked = await ask('GET', `/grants?clientId=${client.clientId}&status=revoked`);
    assert.equal((revoked.body['grants'] as readonly unknown[]).length, 3);
  });

  test('everything that is read has the form that is described', async (t) => {
    const server = await serverFor(t, WITH_ADMIN);
    const { grant, client } = await grantFor(server, 'smartcar');
    const ask = adminClient(server, await operatorKey(server, 'admin'));
    const url = 'https://hooks.example/in?key=very-secret';
    const added = await ask('POST', '/webhooks', { url, reason: REASON });
    assert.equal(added.status, 201);
    for (const path of [
      '/me',
      '/clients',
      `/clients/${client.clientId}`,
      `/grants/${grant.grantId}/events`,
      '/events?first=oldest&limit=1',
      '/webhooks',
      `/webhooks/${String(added.body['webhookId'])}`,
      '/deliveries',
      '/keys',
      '/jobs',
      '/doctor',
      '/operator-keys',
    ])
      assert.equal((await ask('GET', path)).status, 200, path);
    const secret = await ask('POST', `/clients/${client.clientId}/secrets`, { name: '2027', reason: REASON });
    assert.equal(secret.status, 201);
    const changed = {
      redirectUris: ['https://app.example/callback'],
      policy: { overlapSeconds: 30 },
      reason: REASON,
    };
    assert.equal((await ask('PATCH', `/clients/${client.clientId}`, changed)).status, 200);
    const all = JSON.stringify((await ask('GET', '/audit?limit=200')).body);
    for (const hidden of ['very-secret', String(secret.body['clientSecret']), 'owner-1'])
      assert.ok(!all.includes(hidden), hidden);
  });

  test('lists go on where a page ended, whatever the limit', async (t) => {
    const server = await serverFor(t, WITH_ADMIN);
    const { client } = await grantFor(server, 'smartcar');
    for (let count = 0; count < 4; count++)
      await server.command('grant', 'create', '--client', client.clientId, '--subject', `owner-${count}`);
    const ask = adminClient(server, await operatorKey(server, 'viewer'));
    const ids = new Set<string>();
    let next: string | null = '';
    while (next !== null) {
      const after = next === '' ? '' : `&after=${next}`;
      const { body } = await ask('GET', `/grants?limit=2${after}`);
      for (const { grantId } of body['grants'] as readonly { readonly grantId: string }[]) ids.add(grantId);
      next = body['next'] as string | null;
    }
    assert.equal(ids.size, 5);
    for (const bad of ['limit=0', 'limit=201', 'limit=x', 'after=zz', 'what=1', 'limit=1&limit=2'])
      assert.equal((await ask('GET', `/grants?${bad}`)).status, 400, bad);
  });

  test('what happens is sent live, without owners to a viewer', async (t) => {
    const server = await serverFor(t, WITH_ADMIN);
    const { grant, client } = await grantFor(server, 'smartcar');
    const key = await operatorKey(server, 'viewer');
    const stop = new AbortController();
    const response = await fetch(`${adminUrlOf(server)}/api/v1/events/live?clientId=${client.clientId}`, {
      headers: { Authorization: `Bearer ${key}` },
      signal: stop.signal,
    });
    assert.equal(response.headers.get('content-type'), 'text/event-stream');
    assert.ok(response.body);
    const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
    await reader.read();
    await refreshSmartcar(server.url, client, grant.refreshToken);
    let text = '';
    while (!text.includes('data: ')) text += (await reader.read()).value ?? '';
    assert.match(text, /"event":"refresh\.rotated"/);
    assert.match(text, /"caller":null/);
    stop.abort();
    // An open stream does not keep the server from stopping.
    assert.equal(await server.stop(), 0);
  });

  test('bad bodies and types are refused, and a large body is cut off', async (t) => {
    const server = await serverFor(t, WITH_ADMIN);
    const key = await operatorKey(server, 'admin');
    const ask = adminClient(server, key);
    assert.equal((await ask('POST', '/clients', { dialect: 'oauth', name: 3, reason: REASON })).status, 422);
    assert.equal(
      (await ask('POST', '/clients', { dialect: 'oauth', name: 'x', isAdmin: true, reason: REASON })).status,
      422,
    );
    assert.equal(
      (await ask('POST', '/clients', { dialect: 'oauth', name: 'x', reason: REASON, __proto__: null }))
        .status,
      201,
    );
    assert.equal((await ask('POST', '/clients', [])).status, 422);
    const { body: made } = await ask('POST', '/clients', { dialect: 'oauth', name: 'x', reason: REASON });
    // A terminal obeys what an escape says, and a list of names has a line for each.
    for (const name of ['x\u001b[2Jy', 'x\ny', 'x\u009b31m', 'x\u202ey'])
      for (const [path, more] of [
        ['/operator-keys', { role: 'viewer' }],
        ['/registration-tokens', { dialect: 'oauth' }],
        [`/clients/${String(made['clientId'])}/secrets`, {}],
      ] as const) {
        const refused = await ask('POST', path, { name, ...more, reason: REASON });
        assert.deepEqual(refused.body['faults'], ['name must not contain control or invisible characters']);
      }
    for (const reason of ['x', '     ']) {
      const short = await ask('POST', '/clients', { dialect: 'oauth', name: 'x', reason });
      assert.deepEqual(short.body['faults'], ['reason has at least 3 characters that can be seen']);
    }
    const form = await fetch(`${adminUrlOf(server)}/api/v1/clients`, {
      method: 'POST',
      headers: { Authorization: `Bearer ${key}`, 'Content-Type': 'text/plain' },
      body: '{"dialect":"oauth"}',
    });
    assert.equal(form.status, 400);
    const large = await ask('POST', '/clients', { name: 'x'.repeat(70_000) }).catch(() => undefined);
    assert.ok(large === undefined || large.status === 413);
  });
});

describe('the audit log', () => {
  test('has what commands and the API did, in one chain that is exported and verified', async (t) => {
    const server = await serverFor(t, WITH_ADMIN);
    const { grant } = await grantFor(server, 'smartcar');
    await server.command('grant', 'revoke', grant.grantId, '--reason', 'the owner sold the car');
    const ask = adminClient(server, await operatorKey(server, 'admin'));
    await ask('GET', `/grants/${grant.grantId}`);
    const listed = await server.command<{ readonly entries: readonly Entry[] }>('audit', 'list');
    assert.deepEqual(
      listed.entries.map(({ action }) => action),
      ['grant.read', 'operator_key.add', 'grant.revoke', 'grant.create', 'client.create'],
    );
    assert.equal(listed.entries[2]?.reason, 'the owner sold the car');
    const { stdout } = await runKeyfob(['audit', 'export', '--data', server.dataDirectory]);
    const lines = stdout.trimEnd().split('\n');
    assert.equal(lines.length, 6);
    assert.match(lines.at(-1) ?? '', /"head":"5:[0-9a-f]{64}"/);
    // A store keeps no half of a character: neither one that was cut, nor one that somebody sent.
    await server.command('grant', 'reinstate', grant.grantId, '--reason', `${'x '.repeat(249)}🚗`);
    const unknown = ['client', 'disable', `${'x '.repeat(146)}🚗`];
    assert.equal((await runKeyfob([...unknown, '--data', server.dataDirectory])).code, 1);
    const [entry] = (await server.command<{ readonly entries: readonly Entry[] }>('audit', 'list')).entries;
    assert.equal(entry?.target, `client:${'x '.repeat(146)}\uFFFD`);
    const half = { reason: 'half of a car: \uD83D' };
    assert.equal((await ask('POST', `/grants/${grant.grantId}/revoke`, half)).status, 200);
    const response = await fetch(`${adminUrlOf(server)}/api/v1/audit/verify`, {
      headers: { Authorization: `Bearer ${await operatorKey(server, 'operator')}` },
    });
    assert.equal(((await response.json()) as Record<string, unknown>)['fault'], null);
    assert.equal((await server.command<{ fault: unknown }>('audit', 'verify')).fault, null);
    assert.notEqual(faultOfEntry(NO_ENTRY, JSON.parse(lines[1] ?? '') as never), undefined);
  });

  for (const { name, sql, fault } of [
    {
      name: 'changed',
      sql: "UPDATE audit SET reason = 'nothing' WHERE sequence = 2",
      fault: /entry 2 was changed/,
    },
    { name: 'taken out', sql: 'DELETE FROM audit WHERE sequence = 2', fault: /entry 2 is missing/ },
    {
      name: 'cut off at the end',
      sql: 'DELETE FROM audit WHERE sequence = 3',
      fault: /must go on to entry 3/,
    },
  ])
    test(`an entry that was ${name} in the database is found`, async (t) => {
      const directory = directoryFor(t);
      for (const one of ['a', 'b', 'c'])
        await runOn(directory, 'client', 'create', '--create-store', '--dialect', 'oauth', '--name', one);
      const before = await runOn(directory, 'audit', 'verify', '--json');
      assert.equal(before.code, 0, before.stderr);
      const database = new DatabaseSync(join(directory, 'keyfob.db'));
      database.exec(sql);
      database.close();
      const after = await runOn(directory, 'audit', 'verify', '--json');
      assert.equal(after.code, 1);
      assert.match(String((JSON.parse(after.stdout) as { fault: unknown }).fault), fault);
    });

  test('a log that was written again from the start is found by a head that was noted elsewhere', async (t) => {
    const [one, other] = [directoryFor(t), directoryFor(t)];
    for (const directory of [one, other])
      await runOn(directory, 'client', 'create', '--create-store', '--dialect', 'oauth');
    const { head } = JSON.parse((await runOn(one, 'audit', 'verify', '--json')).stdout) as { head: string };
    assert.equal((await runOn(one, 'audit', 'verify', '--head', head)).code, 0);
    assert.equal((await runOn(other, 'audit', 'verify', '--head', head)).code, 1);
    assert.equal((await runOn(one, 'audit', 'verify', '--head', 'x')).code, 2);
  });
});
