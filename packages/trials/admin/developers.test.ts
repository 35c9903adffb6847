import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import {
  addOperatorKey,
  addWebhook,
  createAuthorizationServer,
  createGrant,
  registerClient,
} from '@keyfob/server';
import type { AuthorizationServer } from '@keyfob/server';
import { describeAdminApi, isAllowed, PERMISSIONS, ROLES } from '@keyfob/server/operators';
import type { Role } from '@keyfob/server/operators';
import { keyTextSource, openMemoryStore } from '@keyfob/server/stores';
import { createKeyLines, writeGrantId } from '@keyfob/server/tokens';
import { directoryFor } from '../support/test-directory.ts';
import { assertDescribed } from './described.ts';

const REASON = 'a test asks for it';
const NOWHERE = 'ffffffffffff';

/** What belongs to one client. */
type Owned = {
  readonly clientId: string;
  readonly secretId: string;
  readonly grantId: string;
  readonly webhookId: string;
  readonly refreshToken: string;
  readonly subject: string;
};

/**
 * Every operation: the least role of those that see all clients, and what a developer meets. `closed`: nothing at all; `own`: the
 * same for a foreign id as for one that there is not; `filtered`: only what is own; `named`: a client or a webhook must be named,
 * and be own; `free`: it is about no client.
 */
const OPERATIONS: Readonly<
  Record<string, readonly [least: Role, developer: 'closed' | 'own' | 'filtered' | 'named' | 'free']>
> = {
  'GET /grants': ['viewer', 'named'],
  'POST /grants/find': ['support', 'filtered'],
  'GET /grants/{grantId}': ['viewer', 'own'],
  'GET /grants/{grantId}/events': ['viewer', 'own'],
  'POST /grants/{grantId}/revoke': ['support', 'closed'],
  'POST /grants/{grantId}/reinstate': ['support', 'closed'],
  'GET /clients': ['viewer', 'filtered'],
  'POST /clients': ['operator', 'closed'],
  'GET /clients/{clientId}': ['viewer', 'own'],
  'GET /clients/{clientId}/health': ['viewer', 'own'],
  'PATCH /clients/{clientId}': ['operator', 'own'],
  'DELETE /clients/{clientId}': ['operator', 'closed'],
  'POST /clients/{clientId}/secrets': ['operator', 'own'],
  'DELETE /clients/{clientId}/secrets/{secretId}': ['operator', 'own'],
  'POST /owners/export': ['operator', 'closed'],
  'GET /registrations': ['viewer', 'closed'],
  'POST /registrations/{clientId}/approve': ['operator', 'closed'],
  'POST /registrations/{clientId}/refuse': ['operator', 'closed'],
  'GET /registration-tokens': ['viewer', 'closed'],
  'POST /registration-tokens': ['operator', 'closed'],
  'DELETE /registration-tokens/{tokenId}': ['operator', 'closed'],
  'GET /events': ['viewer', 'named'],
  'GET /events/live': ['viewer', 'named'],
  'GET /troubles': ['viewer', 'named'],
  'GET /webhooks': ['viewer', 'filtered'],
  'GET /webhooks/{webhookId}/deliveries/{sequence}/attempts': ['viewer', 'own'],
  'POST /webhooks': ['operator', 'named'],
  'GET /webhooks/{webhookId}': ['viewer', 'own'],
  'PATCH /webhooks/{webhookId}': ['operator', 'own'],
  'DELETE /webhooks/{webhookId}': ['operator', 'own'],
  'POST /webhooks/{webhookId}/secret': ['operator', 'own'],
  'POST /webhooks/{webhookId}/test': ['operator', 'own'],
  'POST /webhooks/{webhookId}/retry': ['operator', 'own'],
  'GET /deliveries': ['viewer', 'named'],
  'POST /jobs/count': ['operator', 'closed'],
  'POST /jobs': ['operator', 'closed'],
  'GET /jobs': ['operator', 'closed'],
  'GET /jobs/{jobId}': ['operator', 'closed'],
  'POST /jobs/{jobId}/stop': ['operator', 'closed'],
  'GET /keys': ['viewer', 'closed'],
  'POST /keys/rotate': ['admin', 'closed'],
  'POST /keys/{number}/withdraw': ['admin', 'closed'],
  'GET /nodes': ['viewer', 'closed'],
  'GET /doctor': ['viewer', 'closed'],
  'GET /me': ['viewer', 'free'],
  'GET /operator-keys': ['admin', 'closed'],
  'POST /operator-keys': ['admin', 'closed'],
  'DELETE /operator-keys/{keyId}': ['admin', 'closed'],
  'POST /operator-sessions/end': ['admin', 'closed'],
  'GET /audit': ['operator', 'closed'],
  'GET /audit/export': ['operator', 'closed'],
  'GET /audit/verify': ['operator', 'closed'],
};

/** A body with which an operation would do its work; `undefined` for one without. */
const bodyOf = (operation: string, owned: Owned): object | undefined => {
  const { clientId, grantId, refreshToken } = owned;
  const bodies: Readonly<Record<string, object>> = {
    'POST /grants/find': { token: refreshToken },
    'POST /clients': { dialect: 'oauth', name: 'Mine' },
    'PATCH /clients/{clientId}': { addedRedirectUris: [`https://app.example/${grantId}`] },
    'POST /webhooks': { clientId, url: 'https://hooks.example/another' },
    'PATCH /webhooks/{webhookId}': { events: ['grant.created'] },
    'POST /jobs/count': { clientId },
    'POST /jobs': { clientId, action: 'revoke', count: 1 },
    'POST /keys/{number}/withdraw': { state: 'retired' },
    'POST /operator-keys': { name: 'mine', role: 'admin' },
    'POST /owners/export': { subject: 'owner-1' },
    'POST /registrations/{clientId}/approve': { seen: 1 },
    'POST /registrations/{clientId}/refuse': { seen: 1 },
    'POST /registration-tokens': { dialect: 'oauth' },
  };
  return operation.startsWith('GET ') ? undefined : { reason: REASON, ...bodies[operation] };
};

/** Without the reason where an operation takes none. */
const READING: ReadonlySet<string> = new Set(['POST /grants/find', 'POST /jobs/count']);

const pathOf = (operation: string, { clientId, grantId, webhookId, secretId }: Owned): string => {
  const values: Readonly<Record<string, string>> = {
    clientId,
    grantId,
    webhookId,
    secretId,
    number: '1',
    sequence: '1',
  };
  const path = (operation.split(' ')[1] ?? '').replaceAll(/\{(\w+)\}/g, (_, name: string) =>
    encodeURIComponent(values[name] ?? NOWHERE),
  );
  if (operation === 'GET /deliveries') return `${path}?webhookId=${webhookId}`;
  return OPERATIONS[operation]?.[1] === 'named' && operation.startsWith('GET ')
    ? `${path}?clientId=${clientId}`
    : path;
};

/** Two answers to the same request differ by its id. */
const withoutId = (text: string): string => text.replaceAll(/"requestId":"[^"]*"/g, '');

describe('the admin API for app developers', () => {
  let server: AuthorizationServer;
  let adminUrl = '';
  let mine: Owned;
  let other: Owned;
  const keys = new Map<Role, string>();
  const cleanUps: (() => unknown)[] = [];

  const make = async (name: string): Promise<Owned> => {
    const { deployment } = server;
    const registered = await registerClient(deployment, {
      dialect: 'oauth',
      name,
      redirectUris: [`https://${name}.example/callback`],
    });
    assert.equal(registered.outcome, 'registered');
    const { client } = registered;
    const clientId = client.id;
    const url = `https://hooks.example/${name}?secret=of-${name}`;
    // Only one has a delivery: its state changes as the sender tries.
    const kinds = name === 'mine' ? (['grant.created'] as const) : undefined;
    const wanted = { url, format: 'standard', clientId, kinds, isHttpAllowed: false };
    const added = await addWebhook(deployment, wanted);
    assert.equal(added.outcome, 'added');
    const subject = `owner-of-${name}`;
    const created = await createGrant(deployment, { clientId, subject, scope: '', brand: undefined });
    assert.equal(created.outcome, 'created');
    return {
      clientId,
      secretId: client.secrets[0]?.id ?? '',
      grantId: writeGrantId(created.grant.id),
      webhookId: added.webhook.id,
      refreshToken: created.tokens.refreshToken,
      subject,
    };
  };

  before(async () => {
    const store = openMemoryStore();
    server = await createAuthorizationServer(
      {
        data: directoryFor({ after: (cleanUp) => void cleanUps.push(cleanUp) }),
        port: 0,
        adminPort: 0,
      },
      { store, keys: keyTextSource(createKeyLines(1, 1)) },
    );
    ({ adminUrl = '' } = await server.listen());
    cleanUps.unshift(
      () => server.close(),
      () => store.close(),
    );
    mine = await make('mine');
    other = await make('other');
    for (const role of ROLES) {
      const clientIds = role === 'developer' ? [mine.clientId] : [];
      const added = await addOperatorKey(server.deployment, { name: role, role, clientIds });
      assert.equal(added.outcome, 'added');
      keys.set(role, added.text);
    }
  });
  after(async () => {
    for (const cleanUp of cleanUps) await cleanUp();
  });

  const ask = async (role: Role, method: string, path: string, body?: object) => {
    const stop = new AbortController();
    const response = await fetch(`${adminUrl}/api/v1${path}`, {
      method,
      signal: stop.signal,
      headers: {
        Authorization: `Bearer ${keys.get(role) ?? ''}`,
        ...(body === undefined ? {} : { 'Content-Type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    if (response.headers.get('content-type') === 'text/event-stream') {
      stop.abort();
      return { status: response.status, text: '', code: undefined, retryAfter: undefined };
    }
    const text = await response.text();
    if (!path.startsWith('/audit/export'))
      assertDescribed(method, path, response.status, text === '' ? {} : JSON.parse(text));
    const { code } = (text.startsWith('{') ? JSON.parse(text.split('\n')[0] ?? '') : {}) as { code?: string };
    return { status: response.status, text, code, retryAfter: response.headers.get('retry-after') ?? '' };
  };

  /** Opens a live stream and reads nothing of it. */
  const openStream = async (role: Role) => {
    const stop = new AbortController();
    const { status, headers } = await fetch(`${adminUrl}/api/v1/events/live?clientId=${mine.clientId}`, {
      headers: { Authorization: `Bearer ${keys.get(role) ?? ''}` },
      signal: stop.signal,
    });
    return { status, type: headers.get('content-type'), retryAfter: headers.get('retry-after'), stop };
  };

  const request = (role: Role, operation: string, owned: Owned) => {
    const body = bodyOf(operation, owned);
    const { reason: _reason, ...withoutReason } = (body ?? {}) as { readonly reason?: string };
    const sent = body !== undefined && READING.has(operation) ? withoutReason : body;
    return ask(role, operation.split(' ')[0] ?? '', pathOf(operation, owned), sent);
  };

  /** Everything that there is about a client, as an administrator sees it. */
  const stateOf = async ({ clientId, grantId, webhookId }: Owned): Promise<readonly string[]> => {
    const texts = [];
    for (const path of [
      `/clients/${clientId}`,
      `/grants/${grantId}`,
      `/webhooks/${webhookId}`,
      `/deliveries?webhookId=${webhookId}`,
      '/webhooks',
    ])
      texts.push((await ask('admin', 'GET', path)).text);
    return texts;
  };

  test('the table has every operation', () => {
    const described = Object.entries(describeAdminApi().paths).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
    );
    assert.deepEqual(described.sort(), Object.keys(OPERATIONS).sort());
  });

  test('a developer has no permission that is not named here', () => {
    const allowed = Object.keys(PERMISSIONS).filter((one) =>
      isAllowed('developer', one as keyof typeof PERMISSIONS),
    );
    assert.deepEqual(allowed.sort(), [
      'clients.read',
      'events.read',
      'grants.read',
      'redirects.write',
      'secrets.write',
      'tokens.open',
      'webhooks.read',
      'webhooks.secret',
      'webhooks.write',
    ]);
  });

  test('a role below the least one is refused every operation', async () => {
    for (const [operation, [least]] of Object.entries(OPERATIONS)) {
      const below = ROLES.slice(1, ROLES.indexOf(least));
      for (const role of below) {
        const { status, code } = await request(role, operation, other);
        assert.deepEqual([status, code], [403, 'not_permitted'], `${role} ${operation}`);
      }
    }
  });

  test('a developer changes and learns nothing of a foreign client', async () => {
    const unchanged = await stateOf(other);
    const absent: Owned = {
      ...other,
      clientId: '00000000-0000-4000-8000-000000000000',
      grantId: '00000000000000aa',
      webhookId: NOWHERE,
      refreshToken: 'never-issued',
    };
    for (const [operation, [, kind]] of Object.entries(OPERATIONS)) {
      const foreign = await request('developer', operation, other);
      const missing = await request('developer', operation, absent);
      assert.equal(foreign.status, missing.status, operation);
      if (operation !== 'GET /events/live')
        assert.equal(withoutId(foreign.text), withoutId(missing.text), operation);
      if (kind === 'closed')
        assert.deepEqual([foreign.status, foreign.code], [403, 'not_permitted'], operation);
      if (kind === 'own' || kind === 'named')
        assert.deepEqual([foreign.status, foreign.code], [404, 'not_found'], operation);
      for (const secret of [other.subject, other.refreshToken, other.webhookId, other.grantId, 'of-other'])
        assert.ok(!foreign.text.includes(secret), `${operation} says ${secret}`);
    }
    // A list may not mix a foreign thing into an own one.
    for (const path of [
      `/events?clientId=${mine.clientId}&grantId=${other.grantId}`,
      `/grants?clientId=${mine.clientId}&requestId=${NOWHERE}`,
      `/grants?clientId=${mine.clientId}&after=0000000000000000&status=active`,
    ]) {
      const { status, text } = await ask('developer', 'GET', path);
      assert.equal(status, 200, path);
      assert.ok(!text.includes(other.subject) && !text.includes(`"clientId":"${other.clientId}"`), path);
    }
    for (const path of [`/grants?clientId=${other.clientId}&after=${mine.grantId}`, '/grants?clientId='])
      assert.notEqual((await ask('developer', 'GET', path)).status, 200, path);
    assert.deepEqual(await stateOf(other), unchanged);
  });

  test('a developer of one client need not name it; one of several must', async () => {
    assert.match((await ask('developer', 'GET', '/grants')).text, new RegExp(mine.grantId));
    const { deployment } = server;
    const clientIds = [mine.clientId, other.clientId];
    const added = await addOperatorKey(deployment, { name: 'both', role: 'developer', clientIds });
    assert.equal(added.outcome, 'added');
    const one = keys.get('developer') ?? '';
    keys.set('developer', added.text);
    const { status, text } = await ask('developer', 'GET', '/grants');
    assert.equal(status, 400);
    assert.match(text, /one of your clients/);
    assert.equal((await ask('developer', 'GET', `/grants?clientId=${other.clientId}`)).status, 200);
    keys.set('developer', one);
  });

  test('a list of clients goes on where a page ended, though its last client is gone', async () => {
    const list = async (role: Role, query: string) =>
      JSON.parse((await ask(role, 'GET', `/clients${query}`)).text) as {
        readonly clients: readonly { readonly clientId: string }[];
        readonly next: string | null;
      };
    const idsOf = ({ clients }: Awaited<ReturnType<typeof list>>) => clients.map(({ clientId }) => clientId);
    for (const name of ['third', 'fourth']) {
      const registered = await ask('operator', 'POST', '/clients', {
        dialect: 'oauth',
        name,
        reason: REASON,
      });
      assert.equal(registered.status, 201);
    }
    const all = await list('viewer', '');
    assert.deepEqual([all.clients.length, all.next], [4, null]);
    const next = async (page: { readonly next: string | null }, limit: number) =>
      list('viewer', `?limit=${limit}&after=${encodeURIComponent(page.next ?? '')}`);
    const first = await list('viewer', '?limit=3');
    const last = await next(first, 200);
    assert.deepEqual([...idsOf(first), ...idsOf(last)], idsOf(all));
    assert.equal(last.next, null);
    const removed = idsOf(first)[2] ?? '';
    assert.equal((await ask('operator', 'DELETE', `/clients/${removed}`, { reason: REASON })).status, 204);
    assert.deepEqual(await next(first, 1), last);
    assert.deepEqual(idsOf(await list('viewer', '?text=THIR')), []);
    assert.deepEqual(idsOf(await list('viewer', '?text=FOUR')), idsOf(last));
    assert.deepEqual(idsOf(await list('viewer', `?text=${mine.clientId.slice(0, 8)}`)), [mine.clientId]);
    assert.deepEqual(idsOf(await list('developer', '?text=other')), []);
    // A page of a developer is cut out of own clients only.
    const own = await list('developer', '?limit=1');
    assert.deepEqual([idsOf(own), own.next], [[mine.clientId], null]);
    for (const bad of ['limit=0', 'limit=201', 'after=zz', 'after=-x'])
      assert.equal((await ask('viewer', 'GET', `/clients?${bad}`)).status, 400, bad);
  });

  test('a developer works with an own client, and sees no owner', async () => {
    for (const [operation, [, kind]] of Object.entries(OPERATIONS)) {
      // What removes comes last.
      if (kind === 'closed' || operation.startsWith('DELETE')) continue;
      const { status, text } = await request('developer', operation, mine);
      assert.ok([200, 201].includes(status), `${operation}: ${status} ${text}`);
      for (const secret of [mine.subject, mine.refreshToken, other.clientId])
        assert.ok(!text.includes(secret), `${operation} says ${secret}`);
    }
    for (const operation of ['DELETE /clients/{clientId}/secrets/{secretId}', 'DELETE /webhooks/{webhookId}'])
      assert.equal((await request('developer', operation, mine)).status, 204, operation);
    const audit = (await ask('admin', 'GET', '/audit?limit=200')).text;
    for (const action of [
      'secret.add',
      'secret.remove',
      'client.change',
      'webhook.add',
      'webhook.change',
      'webhook.secret',
      'webhook.test',
      'webhook.retry',
      'webhook.remove',
    ])
      assert.match(
        audit,
        new RegExp(`"role":"developer"[^}]*\\},"action":"${action.replace('.', '\\.')}"`),
        action,
      );
  });

  test('a developer may not change what owners rely on, nor send to an open URL', async () => {
    const client = `/clients/${mine.clientId}`;
    for (const [method, path, body] of [
      ['PATCH', client, { name: 'Another bank' }],
      ['PATCH', client, { policy: { onReplay: 'observe' } }],
      ['PATCH', client, { isDisabled: true }],
      ['POST', '/webhooks', { clientId: mine.clientId, url: 'http://hooks.example/', isHttpAllowed: true }],
      ['POST', '/grants/find', { subject: mine.subject }],
      ['POST', '/grants/find', { vin: 'KMHC00000TEST0001', token: mine.refreshToken }],
    ] as const) {
      const { status, code } = await ask('developer', method, path, {
        ...body,
        ...(path === '/grants/find' ? {} : { reason: REASON }),
      });
      assert.deepEqual([status, code], [403, 'not_permitted'], JSON.stringify(body));
    }
  });

  test('a developer sees live what happens to own clients, and nothing else', async () => {
    const stop = new AbortController();
    const { body } = await fetch(`${adminUrl}/api/v1/events/live`, {
      headers: { Authorization: `Bearer ${keys.get('developer') ?? ''}` },
      signal: stop.signal,
    });
    assert.ok(body);
    const reader = body.pipeThrough(new TextDecoderStream()).getReader();
    let text = (await reader.read()).value ?? '';
    for (const { grantId } of [other, mine])
      assert.equal((await ask('admin', 'POST', `/grants/${grantId}/revoke`, { reason: REASON })).status, 200);
    while (!text.includes(mine.grantId)) text += (await reader.read()).value ?? '';
    stop.abort();
    assert.doesNotMatch(text, new RegExp(`${other.grantId}|${other.clientId}`));
  });

  test('secrets and webhooks of a client have a limit', async () => {
    const statuses = new Set<number>();
    for (let made = 0; made < 25; made++)
      statuses.add((await request('developer', 'POST /clients/{clientId}/secrets', mine)).status);
    assert.deepEqual([...statuses], [201, 429]);
    statuses.clear();
    for (let made = 0; made < 8; made++)
      statuses.add((await request('developer', 'POST /webhooks', mine)).status);
    assert.deepEqual([...statuses], [201, 429]);
  });

  test('who writes too often is asked to wait, and nobody else is', async () => {
    const path = `/clients/${mine.clientId}`;
    const write = () => {
      const redirectUri = 'https://app.example/again';
      return ask('developer', 'PATCH', path, { addedRedirectUris: [redirectUri], reason: REASON });
    };
    const answers = [];
    do answers.push(await write());
    while (answers.at(-1)?.status === 200);
    const refused = answers.at(-1);
    assert.deepEqual([refused?.status, refused?.code], [429, 'too_often']);
    assert.ok(answers.length <= 61);
    assert.ok(Number(refused?.retryAfter) >= 1, refused?.retryAfter);
    assert.equal((await ask('developer', 'GET', path)).status, 200);
    const byOperator = await ask('operator', 'PATCH', path, { addedRedirectUris: [], reason: REASON });
    assert.equal(byOperator.status, 200);
    const hook = `/webhooks/${other.webhookId}/test`;
    const tested = await Promise.all(
      Array.from({ length: 11 }, () => ask('operator', 'POST', hook, { reason: REASON })),
    );
    const statuses = tested.map(({ status }) => status).toSorted((left, right) => left - right);
    assert.deepEqual(statuses, [...Array<number>(10).fill(200), 429]);
  });

  test('one key holds four live streams; the fifth waits, and others have theirs', async () => {
    const streams = [];
    for (let opened = 0; opened < 4; opened++) streams.push(await openStream('developer'));
    assert.deepEqual(
      streams.map(({ status }) => status),
      [200, 200, 200, 200],
    );
    const fifth = await openStream('developer');
    assert.deepEqual([fifth.status, fifth.type, fifth.retryAfter], [429, 'application/problem+json', '30']);
    const ofOther = await openStream('viewer');
    assert.equal(ofOther.status, 200);
    streams[0]?.stop.abort();
    let again = await openStream('developer');
    while (again.status !== 200) again = await openStream('developer');
    for (const { stop } of [...streams, ofOther, again]) stop.abort();
  });

  test('a secret is rolled with an overlap, after which the others end', async () => {
    const path = `/clients/${other.clientId}/secrets`;
    const rolled = await ask('operator', 'POST', path, {
      name: '2027',
      overlapSeconds: 3600,
      reason: REASON,
    });
    assert.equal(rolled.status, 201, rolled.text);
    const { secrets } = JSON.parse((await ask('viewer', 'GET', `/clients/${other.clientId}`)).text) as {
      readonly secrets: readonly {
        readonly name: string;
        readonly createdAt: string;
        readonly expiresAt: string | null;
      }[];
    };
    const [old, made] = [
      secrets.find(({ name }) => name !== '2027'),
      secrets.find(({ name }) => name === '2027'),
    ];
    assert.equal(made?.expiresAt, null);
    const inSeconds = Math.round((Date.parse(old?.expiresAt ?? '') - Date.parse(made.createdAt)) / 1000);
    assert.ok(inSeconds >= 3599 && inSeconds <= 3600, String(inSeconds));
  });
});
