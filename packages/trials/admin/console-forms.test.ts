import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { createGrant } from '@keyfob/server';
import { createKeyLines, readGrantId, writeGrantId } from '@keyfob/server/tokens';
import { signIn } from '../support/console-visitor.ts';
import type { ConsoleVisitor } from '../support/console-visitor.ts';
import { refreshSmartcar } from '../support/refresh-request.ts';
import { sampleVehicle } from '../support/samples.ts';
import { registerItself } from '../support/self-registered.ts';

const REASON = 'a test asks for it';

/** The clients that a page asks about. */
const clientsOn = (page: string): readonly string[] =>
  [...page.matchAll(/action="\/console\/registrations\/(?<id>[\w-]+)\/approve"/g)].map(([, id = '']) => id);

const nextOf = (page: string): string =>
  /href="(?<next>[^"]+)" rel="next"/.exec(page)?.groups?.['next'] ?? '';

describe('The console', () => {
  test('lists suspected thefts before lost answers', async (t) => {
    const { visitor } = await signIn(t, 'viewer');
    const page = await visitor.read('/console/troubles');
    const [theft, lost] = ['looks like theft', 'looks like a lost answer'].map((one) => page.indexOf(one));
    assert.ok(theft !== undefined && lost !== undefined && theft > 0 && theft < lost);
  });

  test('shows the cars of each connection of an owner, and what was searched for, but no token', async (t) => {
    const { trial, visitor } = await signIn(t, 'support');
    const { deployment } = trial.server;
    const vehicle = sampleVehicle(9, { make: 'Kia', model: 'EV6', year: 2024, nickname: 'Work' });
    const subject = 'owner-7781';
    const wanted = { clientId: trial.client.clientId, subject, scope: 'read_odometer', brand: undefined };
    const made = await createGrant(deployment, wanted);
    assert.equal(made.outcome, 'created');
    const at = { nowMs: Date.parse('2026-11-12T09:14:00Z') };
    await deployment.store.selectVehicles(made.grant.id, [vehicle], at);
    const found = await visitor.send('/console/find', { text: ` ${subject} `, kind: 'any' });
    assert.match(found, /2 connections/);
    for (const part of ['Hyundai Kona 2025', 'Kia EV6 2024 (Work)', `value="${subject}"`])
      assert.ok(found.includes(part), part);
    const nothing = await visitor.send('/console/find', { text: 'Minji Kim', kind: 'any' });
    assert.match(nothing, /not by a name/);
    assert.match(nothing, /value="Minji Kim"/);
    const token = 'x'.repeat(40);
    assert.ok(!(await visitor.send('/console/find', { text: token, kind: 'any' })).includes(token));
  });

  test('shows an auditor who looked at a connection, what a search showed, and what one person did', async (t) => {
    const { trial, visitor } = await signIn(t, 'admin');
    const { restored, stolen } = trial.grants;
    const linkToAudit = `/console/audit?target=grant%3A${restored}`;
    assert.ok((await visitor.read(`/console/grants/${restored}`)).includes(linkToAudit));
    await visitor.read(`/console/grants/${stolen}`);
    await visitor.send('/console/find', { text: 'owner-nobody', kind: 'subject' });
    await trial.server.deployment.store.appendAudit({
      atMs: Date.parse('2026-11-12T09:14:07Z'),
      operator: { kind: 'key', id: 'k-7', name: 'help desk', role: 'support' },
      action: 'grant.find',
      target: '',
      reason: '',
      requestId: '',
      outcome: 'seen',
      details: JSON.stringify({ by: ['vin'], found: 1, grants: [stolen] }),
    });
    const rowsOf = async (path: string): Promise<readonly string[]> =>
      (await visitor.read(path)).split('<tr>').slice(2);
    for (const about of [`grant:${restored}`, restored.toUpperCase()]) {
      const rows = await rowsOf(`/console/audit?target=${about}`);
      assert.ok(rows.length > 0);
      for (const row of rows) assert.ok(row.includes(restored));
    }
    const [search = '', ...others] = await rowsOf('/console/audit?operatorId=k-7');
    assert.deepEqual(others, []);
    for (const part of [
      `/console/grants/${stolen}`,
      '2026-11-12 09:14:07 UTC',
      'by key',
      'by: vin, found: 1',
    ])
      assert.ok(search.includes(part), part);
    const about = await visitor.read(`/console/audit?target=grant:${stolen}`);
    assert.ok(about.includes('by: vin, found: 1'), 'a search that showed it');
    assert.match(await visitor.read('/console/audit?operatorId=nobody'), /Nothing was found/);
  });

  test('offers to put back only what can be put back, first where that is safe', async (t) => {
    const { trial, visitor } = await signIn(t, 'support');
    const { server, grants } = trial;
    const offerOf = async (grantId: string): Promise<string | undefined> =>
      /<details class="change (?<kind>\w+)">\s*<summary>Put it back/.exec(
        await visitor.read(`/console/grants/${grantId}`),
      )?.groups?.['kind'];
    assert.equal(await offerOf(grants.restored), 'primary');
    assert.equal(await offerOf(grants.stolen), 'secondary');
    const id = readGrantId(grants.restored) ?? assert.fail();
    const { store } = server.deployment;
    await store.revoke(id, { nowMs: Date.parse('2026-11-12T09:14:00Z'), cause: 'owner' });
    assert.equal(await offerOf(grants.restored), undefined);
    assert.match(
      await visitor.read(`/console/grants/${grants.restored}`),
      /The owner has to give consent again/,
    );
    const refused = await visitor.send(`/console/grants/${grants.restored}/reinstate`, { reason: REASON });
    assert.match(refused, /only a new consent opens it again/);
  });

  test('rotates the keys, and withdraws one only where nothing depends on it or somebody insists', async (t) => {
    const { visitor } = await signIn(t, 'admin');
    assert.match(await visitor.read('/console/system'), /not counted/);
    assert.equal(
      await visitor.send('/console/keys/rotate', { reason: REASON }),
      '/console/system?done=rotated',
    );
    const counted = await visitor.read('/console/system?count=1');
    assert.doesNotMatch(counted, /not counted/);
    assert.match(counted, /2 connections/);
    const withdraw = (fields: Readonly<Record<string, string>>) =>
      visitor.send('/console/keys/1/withdraw', { reason: REASON, state: 'retired', ...fields });
    assert.match(await withdraw({}), /depend on it: confirm it/);
    assert.match(await withdraw({ state: 'nonsense' }), /state must be one of/);
    assert.match(await withdraw({ days: 'x' }), /windowDays/);
    const compromised = { state: 'compromised', days: '3', confirmed: 'yes' };
    assert.equal(await withdraw(compromised), '/console/system?done=withdrawn');
    assert.match(
      await visitor.read('/console/system?done=withdrawn'),
      /The key is withdrawn\..*compromised/s,
    );
    const audit = await visitor.read('/console/audit');
    assert.match(audit, /key\.withdraw/);
    assert.match(audit, /key\.rotate/);
  });

  test('says how to add keys where the ring is no file, and that nothing was done', async (t) => {
    const { visitor } = await signIn(t, 'admin', { key: createKeyLines(1, 1) });
    const refused = await visitor.send('/console/keys/rotate', { reason: REASON });
    assert.match(refused, /KEYFOB_KEY and cannot be written from here.*keyfob keys create/s);
    const inKorean = await visitor.send('/console/keys/rotate?lang=ko', { reason: REASON });
    assert.match(inKorean, /지금 상태에서는 할 수 없습니다\..*<p >키 링을 KEYFOB_KEY에서 읽으므로/s);
    assert.doesNotMatch(inKorean, /does not allow/);
    assert.match(await visitor.read('/console/audit'), /not done/);
  });

  test('says in Korean what was checked and in which state a key is', async (t) => {
    const { visitor } = await signIn(t, 'admin');
    const page = await visitor.read('/console/system?lang=ko');
    const list = /<section>.*?<\/section>/s.exec(page)?.[0] ?? '';
    const named = [...list.matchAll(/<strong>(?<name>[^<]*)<\/strong>/g)].map(([, name = '']) => name);
    assert.ok(named.length > 15);
    assert.deepEqual(
      named.filter((name) => !/[가-힣]/.test(name)),
      ['TLS'],
    );
    assert.match(page, /<span class="badge good">사용 중<\/span>/);
  });

  test('lets nobody but an administrator change keys, whatever form is sent', async (t) => {
    const { visitor } = await signIn(t, 'operator');
    assert.doesNotMatch(await visitor.read('/console/system'), /keys\/rotate/);
    for (const path of ['/console/keys/rotate', '/console/keys/1/withdraw'])
      assert.match(await visitor.send(path, { reason: REASON, state: 'retired' }), /does not allow/);
  });

  test('removes a redirect URI, and adds no secret that would outlast what a form says', async (t) => {
    const { trial, visitor } = await signIn(t, 'operator');
    const path = `/console/clients/${trial.client.clientId}`;
    const uri = 'https://planner.example/callback';
    assert.ok((await visitor.read(path)).includes(uri));
    const fields = { uri, reason: REASON };
    assert.equal(await visitor.send(`${path}/redirect-uris/remove`, fields), `${path}?done=changed`);
    assert.ok(!(await visitor.read(path)).includes(uri));
    for (const days of ['0', '-1', 'a week'])
      assert.match(
        await visitor.send(`${path}/secrets`, {
          name: 'short',
          days,
          once: `of${days.length}`,
          reason: REASON,
        }),
        /expiresInSeconds must be/,
      );
    assert.doesNotMatch(await visitor.read(path), /short/);
  });

  test('lists clients that registered themselves, and approves or refuses them with a reason', async (t) => {
    const { trial, visitor } = await signIn(t, 'operator');
    assert.match(await visitor.read('/console/registrations'), /No client waits for approval/);
    const good = await registerItself(trial.server, trial.url);
    const bad = await registerItself(trial.server, trial.url, {
      client_name: '<b>Your bank</b>',
      redirect_uris: ['https://evil.example/callback'],
    });
    const page = await visitor.read('/console/registrations');
    assert.ok(page.includes('<bdi>https://trips.example/callback</bdi>') && !page.includes('<b>Your bank'));
    assert.match(await visitor.read(`/console/clients/${good}`), /Waiting for approval/);
    const path = `/console/registrations/${good}/approve`;
    assert.match(await visitor.send(path, { seen: '1', reason: '' }), /reason/);
    assert.match(await visitor.send(path, { seen: '2', reason: REASON }), /look at it again/);
    const approved = await visitor.send(path, { seen: '1', reason: REASON });
    assert.equal(approved, '/console/registrations?done=approve');
    await visitor.send(`/console/registrations/${bad}/refuse`, { seen: '1', reason: REASON });
    const { store } = trial.server.deployment;
    assert.equal((await store.readClient(good)).client?.disabledAtMs, undefined);
    assert.equal((await store.readClient(bad)).client, undefined);
    assert.match(await visitor.read('/console/audit'), /registration\.refuse.*registration\.approve/s);
  });

  test('shows clients that wait page by page, in the order of their creation', async (t) => {
    const { trial, visitor } = await signIn(t, 'operator');
    const { store } = trial.server.deployment;
    const first = await registerItself(trial.server, trial.url);
    const { client } = await store.readClient(first);
    assert.ok(client !== undefined);
    const ids = [first];
    for (let count = 1; count < 45; count++) {
      const id = `waiting-${String(count).padStart(2, '0')}`;
      await store.createClient({ ...client, id, secrets: [], createdAtMs: client.createdAtMs + 1 });
      ids.push(id);
    }
    const one = await visitor.read('/console/registrations');
    const two = await visitor.read(nextOf(one));
    const three = await visitor.read(nextOf(two));
    assert.deepEqual([one, two, three].map(clientsOn), [ids.slice(0, 20), ids.slice(20, 40), ids.slice(40)]);
    assert.equal(nextOf(three), '');
    // A place stays valid when its client is gone.
    await visitor.send(`/console/registrations/${ids[19] ?? ''}/refuse`, { seen: '1', reason: REASON });
    assert.equal((await store.readClient(ids[19] ?? '')).client, undefined);
    assert.deepEqual(clientsOn(await visitor.read(nextOf(one))), ids.slice(20, 40));
  });

  test('lets a viewer look at clients that wait, and decide nothing', async (t) => {
    const { trial, visitor } = await signIn(t, 'viewer');
    const waiting = await registerItself(trial.server, trial.url);
    assert.doesNotMatch(await visitor.read('/console/registrations'), /registrations\/[^"]*approve/);
    const sent = await visitor.send(`/console/registrations/${waiting}/approve`, {
      seen: '1',
      reason: REASON,
    });
    assert.match(sent, /does not allow/);
  });

  test('shows the refreshes of a client by hour', async (t) => {
    const { trial, visitor } = await signIn(t, 'viewer');
    const path = `/console/clients/${trial.client.clientId}`;
    assert.match(await visitor.read(path), /None at this node/);
    await refreshSmartcar(trial.url, trial.client, trial.refreshToken);
    assert.match(await visitor.read(path), /1 refresh</);
  });
});

const find = (visitor: ConsoleVisitor, text: string, more: Readonly<Record<string, string>> = {}) =>
  visitor.send('/console/find', { text, kind: 'any', ...more });

const linkedGrants = (page: string): readonly string[] =>
  [...page.matchAll(/href="\/console\/grants\/(?<id>[0-9a-f]{16})"/g)].map(([, id = '']) => id);

describe('The search of the console', () => {
  test('takes an owner whose id looks like a grant id, and the id of a client or a grant', async (t) => {
    const { trial, visitor } = await signIn(t, 'support');
    const { clientId } = trial.client;
    const subject = '1234567890123456';
    const wanted = { clientId, subject, scope: 'read_charge', brand: undefined };
    const created = await createGrant(trial.server.deployment, wanted);
    assert.equal(created.outcome, 'created');
    const page = await find(visitor, subject);
    assert.ok(page.includes(writeGrantId(created.grant.id)));
    assert.match(page, /Works\. The client has not refreshed it yet/);
    assert.match(await find(visitor, trial.grants.restored.toUpperCase()), /Stopped: refresh token 5/);
    assert.equal(await find(visitor, clientId), `/console/clients/${clientId}`);
    assert.match(await find(visitor, '0000000000000000'), /Nothing was found/);
  });

  test('shows every connection of an owner with many cars, and names no owner in an address', async (t) => {
    const { trial, visitor } = await signIn(t, 'support');
    const subject = 'fleet-1';
    const wanted = { clientId: trial.client.clientId, subject, scope: 'read_charge', brand: undefined };
    await Promise.all(Array.from({ length: 51 }, () => createGrant(trial.server.deployment, wanted)));
    const first = await find(visitor, subject);
    assert.match(first, /50 connections, and more/);
    assert.doesNotMatch(first, /(?:href|action)="[^"]*fleet-1/);
    const after = /name="after" value="(?<after>[0-9a-f]{16})"/.exec(first)?.groups?.['after'] ?? '';
    const second = await find(visitor, subject, { kind: 'subject', after });
    assert.equal(new Set([...linkedGrants(first), ...linkedGrants(second)]).size, 51);
    assert.doesNotMatch(second, /and more/);
  });
});
