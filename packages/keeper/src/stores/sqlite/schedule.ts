import type { ConsentCause, GrantState } from '../../grants/grant.ts';
import type { ListVerbs, ScheduleVerbs } from '../store.ts';
import type { Connection } from './connection.ts';
import { toAttempt, toGrant } from '../rows.ts';

/** What is due, and who holds what. */
export const createScheduleVerbs = ({ database, commits, nowMs }: Connection): ScheduleVerbs => {
  const isDue = `client = :client AND due_rank = :rank AND due_at_ms <= :now AND coalesce(held_until_ms, 0) <= :now`;
  const waits = database.prepare(`SELECT 1 FROM grants WHERE ${isDue} LIMIT 1`);
  const take = database.prepare(
    `UPDATE grants SET held_until_ms = :now + :holdMs WHERE id IN (
      SELECT id FROM grants WHERE ${isDue} ORDER BY due_at_ms LIMIT :limit) RETURNING *`,
  );
  const leased = database.prepare('SELECT * FROM grants WHERE lease_owner IS NOT NULL');
  const renew = database.prepare(
    'UPDATE grants SET lease_until_ms = ? WHERE lease_owner = ? RETURNING id, fence',
  );
  const ending = database.prepare(
    `SELECT * FROM grants WHERE refresh_expires_at_ms <= ? AND state NOT IN ('dead', 'closed')
      ORDER BY refresh_expires_at_ms LIMIT ?`,
  );
  return {
    nowMs,
    async takeDue({ client, rank, limit, holdMs }) {
      const wanted = { client, rank, now: nowMs() };
      if ((await commits.read(() => waits.get(wanted))) === undefined) return [];
      return commits.run(() => take.all({ ...wanted, limit, holdMs }).map(toGrant));
    },
    leased: () => commits.read(() => leased.all().map(toGrant)),
    renew: (owner, leaseMs) =>
      commits.run(
        () =>
          new Map(
            renew.all(nowMs() + leaseMs, owner).map(({ id, fence }) => [String(id), Number(fence)] as const),
          ),
      ),
    endingBefore: (atMs, limit) => commits.read(() => ending.all(atMs, limit).map(toGrant)),
  };
};

/** For people. */
export const createListVerbs = ({ database, commits }: Connection): ListVerbs => {
  const list = database.prepare(
    `SELECT name, grants.* FROM connections JOIN grants ON grants.id = connections.grant_id
      WHERE name > :after AND (:state IS NULL OR state = :state) AND (:client IS NULL OR client = :client)
      ORDER BY name LIMIT :limit`,
  );
  const states = database.prepare('SELECT state, count(*) AS grants FROM grants GROUP BY state');
  const causes = database.prepare(
    "SELECT cause, count(*) AS grants FROM grants WHERE state = 'dead' GROUP BY cause",
  );
  const connections = database.prepare('SELECT count(*) AS connections FROM connections');
  const names = database.prepare('SELECT name FROM connections WHERE grant_id = ? ORDER BY name');
  const attempts = database.prepare(
    'SELECT * FROM attempts WHERE grant_id = ? ORDER BY sent_at_ms DESC LIMIT ?',
  );
  return {
    list: ({ state, client, after = '', limit }) =>
      commits.read(() =>
        list
          .all({ state: state ?? null, client: client ?? null, after, limit })
          .map((row) => ({ name: String(row['name']), grant: toGrant(row) })),
      ),
    counts: () =>
      commits.read(() => ({
        states: Object.fromEntries(
          states.all().map((row) => [String(row['state']) as GrantState, Number(row['grants'])]),
        ),
        causes: Object.fromEntries(
          causes.all().map((row) => [String(row['cause']) as ConsentCause, Number(row['grants'])]),
        ),
        connections: Number(connections.get()?.['connections'] ?? 0),
      })),
    connectionsOf: (grantId) => commits.read(() => names.all(grantId).map(({ name }) => String(name))),
    attempts: (grantId, limit) => commits.read(() => attempts.all(grantId, limit).map(toAttempt)),
  };
};
