import assert from 'node:assert/strict';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import type { GrantFilter } from '../../grants/grant-store.ts';
import type { GrantEventFilter } from '../../outbox/grant-event-store.ts';
import { FIND, FIND_PLACE, LIST_WAITING, READ_LONGEST_LIFETIME } from './clients.ts';
import { createGrantEventLists } from './grant-event-lists.ts';
import { createGrantLists } from './grant-lists.ts';
import { readMigrations } from './migrations.ts';

const database = new DatabaseSync(':memory:');
for (const migration of readMigrations()) database.exec(migration);

/** A database that answers how it would run a statement. */
const planning = {
  prepare: (sql: string) => database.prepare(`EXPLAIN QUERY PLAN ${sql}`),
} as unknown as DatabaseSync;

const [AT, LIMIT] = [1_750_000_000_000, 100];
const OWNER = { subject: 'owner-1' };
const CAR = { vin: 'KMHTEST0000000001' };
const CLIENT = { clientId: 'client-a' };

const GRANTS: readonly (readonly [GrantFilter, RegExp])[] = [
  [{}, /PRIMARY KEY/],
  [CLIENT, /grants_by_client /],
  [OWNER, /consents USING (COVERING )?(INDEX|PRIMARY KEY)/],
  [{ ...OWNER, ...CLIENT, isRevoked: true }, /consents USING/],
  [CAR, /vehicles_by_vin/],
  [{ ...CAR, ...CLIENT, createdSinceMs: AT }, /vehicles_by_vin/],
  [{ isRevoked: true }, /grants_revoked /],
  [{ isRevoked: true, ...CLIENT }, /grants_revoked_by_client/],
];

const EVENTS: readonly (readonly [GrantEventFilter, RegExp])[] = [
  [{ sinceMs: AT }, /PRIMARY KEY/],
  [CLIENT, /grant_events_by_client/],
  [{ ...CLIENT, ...OWNER }, /grant_events_by_subject/],
  [{ ...CLIENT, ...OWNER, grantId: 1n }, /grant_events_by_grant/],
  [{ ...CLIENT, ...OWNER, grantId: 1n, requestId: 'r' }, /grant_events_by_request/],
];

test('Every search for grants begins at the narrowest index, reads no whole table, and sorts no client.', () => {
  const list = createGrantLists(planning);
  for (const [filter, index] of GRANTS) {
    const plan = list({ ...filter, limit: LIMIT }).join('\n');
    assert.match(plan, index, JSON.stringify(filter));
    assert.doesNotMatch(plan, /SCAN grants|SCAN vehicles|SCAN consents/, JSON.stringify(filter));
    assert.doesNotMatch(plan, /TEMP B-TREE/, JSON.stringify(filter));
  }
});

test('Every search for grant events begins at the narrowest index, from both ends, and sorts nothing.', () => {
  const list = createGrantEventLists(planning, 'sequence');
  for (const [filter, index] of EVENTS)
    for (const first of ['oldest', 'newest'] as const) {
      const plan = list({ ...filter, first, limit: LIMIT })
        .map((row) => String(row['detail']))
        .join('\n');
      assert.match(plan, index, JSON.stringify({ ...filter, grantId: undefined }));
      assert.doesNotMatch(plan, /SCAN grant_events|TEMP B-TREE/);
    }
});

const planOf = (sql: string, values: readonly (string | number)[]): string =>
  planning
    .prepare(sql)
    .all(...values)
    .map(({ detail }) => String(detail))
    .join('\n');

test('A search for clients reads an index alone, and their longest lifetime is at the end of one.', () => {
  for (const [sql, values, index] of [
    [
      FIND,
      [0, '', AT, 'client-a', 'planner', LIMIT],
      /^SEARCH clients USING COVERING INDEX clients_by_creation /,
    ],
    [FIND_PLACE, [0, '', LIMIT], /^SEARCH clients USING COVERING INDEX clients_by_creation /],
    [READ_LONGEST_LIFETIME, [], /^SCAN clients USING (COVERING )?INDEX clients_by_lifetime$/],
  ] as const) {
    const plan = planOf(sql, values);
    assert.match(plan, index);
    assert.doesNotMatch(plan, /TEMP B-TREE/);
  }
});

test('A page of the clients that wait for approval begins in an index of those alone.', () => {
  const plan = planOf(LIST_WAITING, [AT, 'client-a', LIMIT]);
  assert.match(plan, /^SEARCH clients USING (COVERING )?INDEX clients_waiting /);
  assert.doesNotMatch(plan, /TEMP B-TREE/);
});
