import { toGrant } from '../rows.ts';
import type { ScheduleVerbs } from '../store.ts';
import type { Connection } from './connection.ts';

/** What is due, and who holds what. */
export const createScheduleVerbs = ({ database, commits, nowMs, clock }: Connection): ScheduleVerbs => {
  const isDue = `client = :client AND due_rank = :rank AND due_at_ms <= :now AND coalesce(held_until_ms, 0) <= :now
    AND sends >= :sends`;
  const waits = database.prepare(`SELECT 1 FROM grants WHERE ${isDue} LIMIT 1`);
  const take = database.prepare(
    `UPDATE grants SET held_until_ms = :now + :holdMs WHERE id IN (
      SELECT id FROM grants WHERE ${isDue} ORDER BY due_at_ms LIMIT :limit) RETURNING *`,
  );
  const pull = database.prepare(
    `UPDATE grants SET due_at_ms = due_at_ms - :byMs WHERE id IN (
      SELECT id FROM grants WHERE client = :client AND due_rank = 2 AND due_at_ms >= :fromMs AND due_at_ms < :untilMs
        AND state = 'active' AND failures = 0 ORDER BY due_at_ms LIMIT :limit)`,
  );
  const leased = database.prepare('SELECT * FROM grants WHERE lease_owner IS NOT NULL');
  const renew = database.prepare(
    'UPDATE grants SET lease_until_ms = ? WHERE lease_owner = ? RETURNING id, fence',
  );
  const ending = database.prepare(
    `SELECT * FROM grants WHERE client = :client AND refresh_expires_at_ms <= :atMs
      AND (refresh_expires_at_ms, id) > (:afterMs, :afterId) AND state NOT IN ('dead', 'closed')
      ORDER BY refresh_expires_at_ms, id LIMIT :limit`,
  );
  return {
    nowMs,
    latest: clock.latest,
    async takeDue({ client, rank, limit, holdMs, isSent = false }) {
      const wanted = { client, rank, now: nowMs(), sends: isSent ? 1 : 0 };
      if ((await commits.read(() => waits.get(wanted))) === undefined) return [];
      return commits.run(() => take.all({ ...wanted, limit, holdMs }).map(toGrant));
    },
    pullForward: (which) => commits.run(() => Number(pull.run(which).changes)),
    async leased() {
      const grants = await commits.read(() => leased.all().map(toGrant));
      await clock.note(grants.length > 0);
      return grants;
    },
    renew: (owner, leaseMs) =>
      commits.run(
        () =>
          new Map(
            renew.all(nowMs() + leaseMs, owner).map(({ id, fence }) => [String(id), Number(fence)] as const),
          ),
      ),
    endingBefore: (client, atMs, { after, limit }) =>
      commits.read(() =>
        ending
          .all({ client, atMs, afterMs: after?.refreshExpiresAtMs ?? 0, afterId: after?.id ?? '', limit })
          .map(toGrant),
      ),
  };
};
