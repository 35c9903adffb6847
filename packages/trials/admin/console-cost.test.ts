import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  addOperatorKey,
  addWebhook,
  createAuthorizationServer,
  createGrant,
  createLoginLink,
  registerClient,
} from '@keyfob/server';
import type { AuthorizationServer } from '@keyfob/server';
import { keyTextSource, openMemoryStore } from '@keyfob/server/stores';
import type { Store } from '@keyfob/server/stores';
import { createKeyLines, readGrantId } from '@keyfob/server/tokens';
import { CONSOLE_PAGES } from '../support/console-pages.ts';
import { directoryFor } from '../support/test-directory.ts';

/** The verbs that a page may use: a page of 100 000 grants costs what a page of three does. */
const MOST_VERBS = 12;
/** These read everything, which their links say. */
const COUNTING: ReadonlySet<string> = new Set(['system-counted', 'audit-verified']);

const REVOKED = ['grant.revoked'] as const;
/** What a server does every few seconds beside the pages. */
const OF_TIMERS: ReadonlySet<string> = new Set([
  'claimDeliveries',
  'settleDelivery',
  'listKeys',
  'readClock',
  'noteClock',
  'noteNode',
  'addTroubles',
  'dropTroubles',
]);

/** A store that notes its verbs, with their limits, and may write no list longer than a page. */
const noting = (store: Store, notes: string[]): Store =>
  new Proxy(store, {
    get(target, name) {
      const member: unknown = Reflect.get(target, name);
      if (typeof member !== 'function') return member;
      return (...given: readonly unknown[]): unknown => {
        const { limit } = (given[0] ?? {}) as { readonly limit?: number };
        notes.push(`${String(name)}${limit === undefined ? '' : ` ${limit}`}`);
        return (member as (...values: readonly unknown[]) => unknown).apply(target, [...given]);
      };
    },
  });

const signIn = async (server: AuthorizationServer, adminUrl: string): Promise<string> => {
  const operator = { kind: 'link', id: 'a', name: 'a', role: 'admin' } as const;
  const link = await createLoginLink(server.deployment, operator);
  const response = await fetch(`${adminUrl}/console/login`, {
    method: 'POST',
    headers: { Origin: adminUrl },
    body: new URLSearchParams({ link }),
    redirect: 'manual',
  });
  return (response.headers.getSetCookie()[0] ?? '').split(';')[0] ?? '';
};

test('A page asks the store a few times, for one page of rows, however many grants there are', async (t) => {
  const notes: string[] = [];
  const store = openMemoryStore();
  t.after(() => store.close());
  const server = await createAuthorizationServer(
    { data: directoryFor(t), port: 0, adminPort: 0 },
    { store: noting(store, notes), keys: keyTextSource(createKeyLines(1, 1)) },
  );
  t.after(() => server.close());
  const { adminUrl = '' } = await server.listen();
  const registered = await registerClient(server.deployment, { dialect: 'oauth', name: 'Many' });
  assert.equal(registered.outcome, 'registered');
  const clientId = registered.client.id;
  const grants: string[] = [];
  const addGrants = async (count: number): Promise<void> => {
    for (let made = 0; made < count; made++) {
      const wanted = { clientId, subject: `owner-${grants.length}`, scope: '', brand: undefined };
      const created = await createGrant(server.deployment, wanted);
      assert.equal(created.outcome, 'created');
      grants.push(BigInt.asUintN(64, created.grant.id).toString(16).padStart(16, '0'));
    }
  };
  const cookie = await signIn(server, adminUrl);
  const costOf = async (path: string): Promise<readonly string[]> => {
    notes.length = 0;
    const response = await fetch(`${adminUrl}${path}`, { headers: { Cookie: cookie } });
    assert.equal(response.status, 200, path);
    return notes.filter((note) => !OF_TIMERS.has(note.split(' ')[0] ?? ''));
  };
  const url = 'https://hooks.example/keyfob';
  const wanted = { url, format: 'standard', clientId: undefined, kinds: REVOKED, isHttpAllowed: false };
  const webhook = await addWebhook(server.deployment, wanted);
  assert.equal(webhook.outcome, 'added');
  await addGrants(60);
  const hour = Math.floor(Date.now() / 3_600_000);
  await store.addTroubles(
    Array.from({ length: 100 }, (_, index) => ({
      hour,
      event: index % 2 === 0 ? 'refresh.replayed' : 'refresh.refused',
      reason: `reason-${index}`,
      clientId,
      count: 1,
      lastAtMs: hour * 3_600_000,
    })),
  );
  const [grant = ''] = grants;
  await store.revoke(readGrantId(grants.at(-1) ?? '') ?? 0n, { nowMs: Date.now(), cause: 'operator' });
  const ids = {
    clientId,
    grants: { restored: grant, stolen: grant, fine: grant, insured: grant },
    delivery: { webhookId: webhook.webhook.id, sequence: grants.length + 1 },
  };
  const paths = CONSOLE_PAGES.filter(({ name }) => !COUNTING.has(name)).map(({ path }) => path(ids));
  const few = new Map<string, readonly string[]>();
  for (const path of paths) few.set(path, await costOf(path));
  await addGrants(2000);
  for (const path of paths) {
    const cost = await costOf(path);
    assert.ok(cost.length <= MOST_VERBS, `${path}: ${cost.join(', ')}`);
    assert.deepEqual(cost, few.get(path), path);
    assert.ok(!cost.includes('countGrantsByKey'), path);
    assert.ok(!cost.includes('listClients'), path);
    for (const note of cost) {
      const [verb, limit = '0'] = note.split(' ');
      // The first counts in an index, and the second looks at the oldest clients.
      const most = verb === 'findClientPlace' ? 10_000 : path === '/console/system' ? 1001 : 200;
      assert.ok(Number(limit) <= most, `${path}: ${note}`);
    }
  }
  const added = await addOperatorKey(server.deployment, { name: 'a', role: 'admin', expiresInSeconds: 60 });
  assert.equal(added.outcome, 'added');
  for (const [method, path, counts] of [
    ['PATCH', '', 1],
    ['POST', '/secrets', 0],
    ['DELETE', '', 0],
  ] as const) {
    notes.length = 0;
    await fetch(`${adminUrl}/api/v1/clients/${clientId}${path}`, {
      method,
      headers: { Authorization: `Bearer ${added.text}`, 'Content-Type': 'application/json' },
      body: JSON.stringify({ reason: 'it counts what it shows' }),
    });
    assert.ok(notes.some((note) => note.startsWith('appendAudit')));
    assert.equal(notes.filter((note) => note === 'countGrants').length, counts, `${method} ${path}`);
  }
});
