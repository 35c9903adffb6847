import type { RevocationVerbs } from '../revocations.ts';
import { isKept, toRevocation } from '../rows.ts';
import type { Put, PutResult } from '../store.ts';
import type { Connection } from './connection.ts';
import { insertEvent } from './events.ts';

const WAITS = 'revoke_at_ms IS NOT NULL';

/** What is due at the provider after a disconnect. */
export const createRevocationVerbs = ({ database, commits, nowMs }: Connection): RevocationVerbs => {
  const take = database.prepare(
    `UPDATE grants SET revoke_at_ms = :now + :holdMs WHERE id IN (
      SELECT id FROM grants WHERE client = :client AND ${WAITS} AND revoke_at_ms <= :now ORDER BY revoke_at_ms LIMIT :limit)
      RETURNING *`,
  );
  const note = database.prepare(
    `UPDATE grants SET revoke_tries = :tries, revoke_at_ms = CASE
        WHEN :next IS NULL AND EXISTS (SELECT 1 FROM answers WHERE grant_id = :id) THEN :now ELSE :next END
      WHERE id = :id AND state = 'closed' AND ${WAITS} RETURNING revoke_at_ms`,
  );
  const mark = database.prepare(
    `UPDATE grants SET revoke_at_ms = :now, revoke_tries = 0 WHERE id = :id AND state = 'closed'
      AND revoke_name IS NOT NULL AND NOT EXISTS (SELECT 1 FROM connections WHERE name = revoke_name)
      RETURNING id`,
  );
  const keep = database.prepare('INSERT OR IGNORE INTO answers VALUES (?, ?, ?, ?, ?, ?, ?)');
  const drop = database.prepare('DELETE FROM answers WHERE id = ?');
  const list = database.prepare(
    `SELECT * FROM grants WHERE ${WAITS} AND revoke_name = coalesce(:name, revoke_name) ORDER BY revoke_name LIMIT :limit`,
  );
  const count = database.prepare(
    `SELECT client, count(*) AS grants FROM grants WHERE ${WAITS} GROUP BY client`,
  );
  return {
    takeRevocations: (wanted) => commits.run(() => take.all({ ...wanted, now: nowMs() }).map(toRevocation)),
    noteRevocation: (id, { tries, nextAtMs, drop: ids, event }) =>
      commits.run(() => {
        for (const one of ids) drop.run(one);
        const now = nowMs();
        const noted = note.get({ id, tries, next: nextAtMs ?? null, now });
        if (event !== undefined && noted?.['revoke_at_ms'] === null)
          insertEvent(database, { atMs: now, grantId: id, event });
      }),
    keepToRevoke: (id, answers) =>
      commits.run(() => {
        if (mark.get({ id, now: nowMs() }) === undefined) return;
        for (const { id: answerId, generation, epoch, sealed, sentAtMs, receivedAtMs } of answers)
          keep.run(answerId, id, generation, epoch, sealed, sentAtMs, receivedAtMs);
      }),
    revocations: ({ name, limit }) =>
      commits.read(() => list.all({ name: name ?? null, limit }).map(toRevocation)),
    countRevocations: () =>
      commits.read(() =>
        Object.fromEntries(count.all().map((row) => [String(row['client']), Number(row['grants'])])),
      ),
  };
};

/** A pair from outside cancels what waits for its connection, and for its token: inside the transaction that keeps it. */
export const createRevocationCancel = ({
  database,
}: Pick<Connection, 'database'>): ((put: Put, result: PutResult) => PutResult) => {
  const byName = database.prepare(`UPDATE grants SET revoke_at_ms = NULL WHERE revoke_name = ? AND ${WAITS}`);
  const byLookup = database.prepare(
    `UPDATE grants INDEXED BY grants_revoked_by_lookup SET revoke_at_ms = NULL WHERE lookup = ? AND ${WAITS}`,
  );
  return (put, result) => {
    if (!isKept(result)) return result;
    byName.run(put.name);
    for (const lookup of put.lookups) byLookup.run(lookup);
    return result;
  };
};

/** Marks a grant that was just closed, inside the transaction that closes it. */
export const createRevocationMark = ({
  database,
}: Pick<Connection, 'database'>): ((id: string, name: string, atMs: number) => void) => {
  const mark = database.prepare(
    "UPDATE grants SET revoke_at_ms = ?, revoke_tries = 0, revoke_name = ? WHERE id = ? AND state = 'closed'",
  );
  return (id, name, atMs) => void mark.run(atMs, name, id);
};
