import type { Grant } from '../../grants/grant.ts';
import type { AttemptEnd, RefreshVerbs, Settlement, StoredAnswer } from '../store.ts';
import type { Connection } from './connection.ts';
import { insertEvent } from './events.ts';
import { createTwins } from './twins.ts';
import { toAnswer, toGrant } from '../rows.ts';

const CLAIM = `UPDATE grants SET state = 'inflight', since_ms = :now, fence = fence + 1,
    lease_owner = :owner, lease_at_ms = :now, lease_until_ms = :now + :leaseMs,
    sends = sends + 1, first_sent_at_ms = coalesce(first_sent_at_ms, :now), last_sent_at_ms = :now
  WHERE id = :id AND generation = :generation AND epoch = :epoch AND fence = :fence
    AND state IN ('active', 'uncertain', 'suspect', 'staged', 'inflight')
    AND (lease_owner IS NULL OR lease_until_ms <= :now OR lease_owner = :voidOwner)
  RETURNING *`;

// Who brings an answer does not need the lease. A row that was believed dead comes back to life with its next pair.
const SETTLE = `UPDATE grants SET state = :state, cause = :cause, since_ms = :now,
    lease_owner = NULL, lease_at_ms = NULL, lease_until_ms = NULL,
    sends = :sends, first_sent_at_ms = :firstAt, last_sent_at_ms = :lastAt, failures = :failures,
    due_at_ms = :dueAt, due_rank = :dueRank, held_until_ms = NULL, is_at_risk = :isAtRisk
  WHERE id = :id AND generation = :generation AND epoch = :epoch AND (:fence IS NULL OR fence = :fence)
    AND state <> 'closed' AND (:fence IS NULL OR state <> 'dead')
  RETURNING *`;

const SET_PAIR = `UPDATE grants SET generation = generation + 1, sealed = :sealed, lookup = :lookup,
    issued_at_ms = :issuedAt, access_expires_at_ms = :accessExpiresAt,
    refresh_expires_at_ms = :refreshExpiresAt, ends_at_ms = :endsAt
  WHERE id = :id RETURNING *`;

const DEAD_WITH_ANSWERS = `SELECT * FROM grants WHERE state = 'dead' AND id > :afterId
    AND id IN (SELECT grant_id FROM answers) ORDER BY id LIMIT :limit`;

/** The two transactions of a refresh. */
export const createRefreshVerbs = ({ database, commits, nowMs, links }: Connection): RefreshVerbs => {
  const read = database.prepare('SELECT * FROM grants WHERE id = ?');
  const readAnswers = database.prepare('SELECT * FROM answers WHERE grant_id = ? ORDER BY received_at_ms');
  const findSend = database.prepare('SELECT 1 FROM attempts WHERE fingerprint = ? AND grant_id = ? LIMIT 1');
  const claim = database.prepare(CLAIM);
  const settle = database.prepare(SETTLE);
  const setPair = database.prepare(SET_PAIR);
  const insertAttempt = database.prepare(
    'INSERT INTO attempts (id, grant_id, generation, fingerprint, sent_at_ms) VALUES (?, ?, ?, ?, ?)',
  );
  const endAttempt = database.prepare(
    'UPDATE attempts SET outcome = ?, status = ?, request_id = ?, took_ms = ? WHERE id = ?',
  );
  const raiseHighWater = database.prepare('UPDATE deployment SET high_water = high_water + 1');
  const keepAnswer = database.prepare('INSERT OR IGNORE INTO answers VALUES (?, ?, ?, ?, ?, ?, ?)');
  const dropAnswer = database.prepare('DELETE FROM answers WHERE id = ?');

  const readRow = (id: string): Grant | undefined => {
    const row = read.get(id);
    return row === undefined ? undefined : toGrant(row);
  };

  const keep = (answers: readonly StoredAnswer[] = []): void => {
    for (const { id, grantId, generation, epoch, sealed, sentAtMs, receivedAtMs } of answers)
      keepAnswer.run(id, grantId, generation, epoch, sealed, sentAtMs, receivedAtMs);
  };

  const noteEnds = (ended: readonly AttemptEnd[]): void => {
    for (const { outcome, status, requestId, tookMs, id } of ended)
      endAttempt.run(outcome, status ?? null, requestId ?? null, Math.round(tookMs), id);
  };

  const { twinOf, merge } = createTwins({ database, nowMs, links });

  const writePair = (id: string, { pair }: Settlement): Grant | undefined => {
    if (pair === undefined) return undefined;
    raiseHighWater.run();
    const row = setPair.get({
      id,
      sealed: pair.sealed,
      lookup: pair.lookup,
      issuedAt: pair.issuedAtMs,
      accessExpiresAt: pair.accessExpiresAtMs,
      refreshExpiresAt: pair.refreshExpiresAtMs ?? null,
      endsAt: pair.endsAtMs ?? null,
    });
    return row === undefined ? undefined : toGrant(row);
  };

  return {
    readAnswers: (grantId) => commits.read(() => readAnswers.all(grantId).map(toAnswer)),
    listDeadWithAnswers: (afterId, limit) =>
      commits.read(() => database.prepare(DEAD_WITH_ANSWERS).all({ afterId, limit }).map(toGrant)),
    wasSent: (grantId, lookups) =>
      commits.read(() => lookups.some((lookup) => findSend.get(lookup, grantId) !== undefined)),
    claim: (grantId, seen, { owner, leaseMs, attempt, voidOwner = '' }) =>
      commits.run(() => {
        const now = nowMs();
        const row = claim.get({
          id: grantId,
          generation: seen.generation,
          epoch: seen.epoch,
          fence: seen.fence,
          now,
          owner,
          leaseMs,
          voidOwner,
        });
        if (row === undefined) return undefined;
        insertAttempt.run(attempt.id, grantId, seen.generation, attempt.fingerprint, now);
        return toGrant(row);
      }),
    settle: (grantId, seen, settlement) =>
      commits.run(() => {
        const { change, ended, events, drop = [] } = settlement;
        noteEnds(ended);
        const now = nowMs();
        const row = settle.get({
          id: grantId,
          generation: seen.generation,
          epoch: seen.epoch,
          fence: seen.fence ?? null,
          now,
          state: change.state,
          cause: change.cause ?? null,
          sends: change.sends.count,
          firstAt: change.sends.firstAtMs ?? null,
          lastAt: change.sends.lastAtMs ?? null,
          failures: change.failures,
          dueAt: change.due?.atMs ?? null,
          dueRank: change.due?.rank ?? null,
          isAtRisk: change.isAtRisk ? 1 : 0,
        });
        if (row === undefined) {
          const moved = readRow(grantId);
          if (moved?.state !== 'closed') keep(settlement.keepIfMoved);
          return { isDone: false, grant: moved };
        }
        keep(settlement.keep);
        for (const id of drop) dropAnswer.run(id);
        for (const event of events) insertEvent(database, { atMs: now, grantId, event });
        const twin = twinOf(grantId, settlement.pair?.lookup);
        if (twin !== undefined && twin.state !== 'dead') {
          merge(grantId, twin);
          return { isDone: true, grant: twin };
        }
        if (twin !== undefined) merge(twin.id, toGrant(row));
        return { isDone: true, grant: writePair(grantId, settlement) ?? toGrant(row) };
      }),
    noteEnds: (ended, answer) =>
      commits.run(() => {
        noteEnds(ended);
        keep(answer === undefined ? [] : [answer]);
      }),
  };
};
