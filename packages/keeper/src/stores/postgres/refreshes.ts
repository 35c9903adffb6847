import type { Grant } from '../../grants/grant.ts';
import { toAnswer, toGrant } from '../rows.ts';
import type { AttemptEnd, RefreshVerbs, Settlement, StoredAnswer } from '../store.ts';
import { CLOSE } from './close.ts';
import type { LinkBinder } from '../links.ts';
import type { Connections } from './connections.ts';
import { moveLinks } from './links.ts';
import type { Query } from './send.ts';
import { countPair } from './count-pair.ts';
import { insertEvent } from './events.ts';
import type { NamedValues } from './named-values.ts';
import { NOW } from './schema.ts';

// `FROM` is read once per statement, so the lease begins at the moment that it is compared with.
const CLAIM = `WITH won AS (
    UPDATE keeper_grants AS g SET state = 'inflight', since_ms = now, fence = fence + 1,
      lease_owner = :owner, lease_at_ms = now, lease_until_ms = now + :leaseMs::bigint,
      sends = sends + 1, first_sent_at_ms = coalesce(first_sent_at_ms, now), last_sent_at_ms = now
    FROM (SELECT ${NOW} AS now) AS clock
    WHERE id = :id AND generation = :generation AND epoch = :epoch AND fence = :fence
      AND state IN ('active', 'uncertain', 'suspect', 'staged', 'inflight')
      AND (lease_owner IS NULL OR lease_until_ms <= now OR lease_owner = :voidOwner)
    RETURNING g.*
  ), noted AS (
    INSERT INTO keeper_attempts (id, grant_id, generation, fingerprint, sent_at_ms)
    SELECT :attemptId, id, generation, :fingerprint::bytea, lease_at_ms FROM won
  ) SELECT * FROM won`;

// Who brings an answer does not need the lease. A row that was believed dead comes back to life with its next pair.
const SETTLE = `UPDATE keeper_grants SET state = :state, cause = :cause, since_ms = ${NOW},
    lease_owner = NULL, lease_at_ms = NULL, lease_until_ms = NULL,
    sends = :sends, first_sent_at_ms = :firstAt, last_sent_at_ms = :lastAt, failures = :failures,
    due_at_ms = :dueAt, due_rank = :dueRank, held_until_ms = NULL, is_at_risk = :isAtRisk,
    generation = generation + CASE WHEN :hasPair THEN 1 ELSE 0 END,
    sealed = CASE WHEN :hasPair THEN :sealed ELSE sealed END, lookup = CASE WHEN :hasPair THEN :lookup ELSE lookup END,
    issued_at_ms = CASE WHEN :hasPair THEN :issuedAt ELSE issued_at_ms END,
    access_expires_at_ms = CASE WHEN :hasPair THEN :accessExpiresAt ELSE access_expires_at_ms END,
    refresh_expires_at_ms = CASE WHEN :hasPair THEN :refreshExpiresAt ELSE refresh_expires_at_ms END,
    ends_at_ms = CASE WHEN :hasPair THEN :endsAt ELSE ends_at_ms END
  WHERE id = :id AND generation = :generation AND epoch = :epoch AND (:fence::bigint IS NULL OR fence = :fence::bigint)
    AND state <> 'closed' AND (:fence::bigint IS NULL OR state <> 'dead')
  RETURNING *`;

const TWIN = "SELECT * FROM keeper_grants WHERE lookup = :lookup AND state <> 'closed' AND id <> :id";
const CLOSE_TWIN = `UPDATE keeper_grants SET state = 'closed', epoch = epoch + 1, since_ms = ${NOW}
  WHERE id = :twin AND (:fence::bigint IS NULL OR EXISTS (
    SELECT 1 FROM keeper_grants WHERE id = :id AND fence = :fence::bigint))`;

const KEEP = `INSERT INTO keeper_answers (id, grant_id, generation, epoch, sealed, sent_at_ms, received_at_ms)
  VALUES (:id, :grantId, :generation, :epoch, :sealed, :sentAt, :receivedAt) ON CONFLICT (id) DO NOTHING`;
const DROP = 'DELETE FROM keeper_answers WHERE id = ANY(:ids::text[])';
// Locked as by an update: a death that is written meanwhile is seen here, or its own process sees what is kept here.
const MOVED = 'SELECT * FROM keeper_grants WHERE id = :id FOR NO KEY UPDATE';
const FIND_SEND =
  'SELECT 1 FROM keeper_attempts WHERE fingerprint = ANY(:lookups::bytea[]) AND grant_id = :id LIMIT 1';
const DEAD_WITH_ANSWERS = `SELECT * FROM keeper_grants WHERE state = 'dead' AND id > :afterId
  AND id IN (SELECT grant_id FROM keeper_answers) ORDER BY id LIMIT :limit`;
const END_ATTEMPT = `UPDATE keeper_attempts SET outcome = :outcome, status = :status, request_id = :requestId,
  took_ms = :tookMs WHERE id = :id`;

/** The two transactions of a refresh. */
export const createRefreshVerbs = (
  { read, write, transact }: Connections,
  links: LinkBinder,
): RefreshVerbs => ({
  async readAnswers(grantId) {
    const rows = await read(
      'SELECT * FROM keeper_answers WHERE grant_id = :grantId ORDER BY received_at_ms, id',
      { grantId },
    );
    return rows.map(toAnswer);
  },
  listDeadWithAnswers: async (afterId, limit) =>
    (await read(DEAD_WITH_ANSWERS, { afterId, limit })).map(toGrant),
  wasSent: async (id, lookups) => (await read(FIND_SEND, { id, lookups: [...lookups] })).length > 0,
  async claim(id, { generation, epoch, fence }, { owner, leaseMs, attempt, voidOwner = '' }) {
    const [row] = await write(CLAIM, {
      id,
      generation,
      epoch,
      fence,
      owner,
      leaseMs,
      voidOwner,
      attemptId: attempt.id,
      fingerprint: attempt.fingerprint,
    });
    return row === undefined ? undefined : toGrant(row);
  },
  settle: (id, { generation, epoch, fence }, settlement) =>
    transact(async (query) => {
      const twin = await findTwin(query, id, settlement);
      const hasOther = twin !== undefined && twin.state !== 'dead';
      if (twin !== undefined && !hasOther) await query(CLOSE_TWIN, { twin: twin.id, id, fence });
      // The grant first, as everywhere, and the count of pairs last.
      const written = hasOther ? { ...settlement, pair: undefined } : settlement;
      const [row] = await query(SETTLE, { id, generation, epoch, fence, ...columnsOf(written) });
      const [now] = row === undefined ? await query(MOVED, { id }) : [];
      await noteEnds(query, settlement.ended);
      if (row === undefined) {
        if (now?.['state'] !== 'closed') await keep(query, settlement.keepIfMoved);
        return { isDone: false, grant: now === undefined ? undefined : toGrant(now) };
      }
      const { events, drop = [] } = settlement;
      await keep(query, settlement.keep);
      if (drop.length > 0) await query(DROP, { ids: [...drop] });
      for (const event of events) await insertEvent(query, { grantId: id, event });
      if (hasOther) {
        await moveLinks(query, links, id, twin);
        await query(CLOSE, { id });
        return { isDone: true, grant: twin };
      }
      const grant = toGrant(row);
      if (twin !== undefined) await moveLinks(query, links, twin.id, grant);
      if (settlement.pair !== undefined) await countPair(query, id);
      return { isDone: true, grant };
    }),
  noteEnds: (ended, answer) =>
    transact(async (query) => {
      await noteEnds(query, ended);
      await keep(query, answer === undefined ? [] : [answer]);
    }),
});

/** Another grant that has the new refresh token already. Both rows are locked, in the order of their ids. */
const findTwin = async (query: Query, id: string, { pair }: Settlement): Promise<Grant | undefined> => {
  if (pair === undefined) return undefined;
  const { lookup } = pair;
  const found = await query(TWIN, { id, lookup });
  if (found.length === 0) return undefined;
  const ids = [id, ...found.map((row) => String(row['id']))];
  await query('SELECT 1 FROM keeper_grants WHERE id = ANY(:ids::text[]) ORDER BY id FOR UPDATE', { ids });
  const [row] = await query(TWIN, { id, lookup });
  return row === undefined ? undefined : toGrant(row);
};

const columnsOf = ({ change, pair }: Settlement): NamedValues => ({
  state: change.state,
  cause: change.cause,
  sends: change.sends.count,
  firstAt: change.sends.firstAtMs,
  lastAt: change.sends.lastAtMs,
  failures: change.failures,
  dueAt: change.due?.atMs,
  dueRank: change.due?.rank,
  isAtRisk: change.isAtRisk ? 1 : 0,
  hasPair: pair !== undefined,
  sealed: pair?.sealed,
  lookup: pair?.lookup,
  issuedAt: pair?.issuedAtMs,
  accessExpiresAt: pair?.accessExpiresAtMs,
  refreshExpiresAt: pair?.refreshExpiresAtMs,
  endsAt: pair?.endsAtMs,
});

const keep = async (query: Query, answers: readonly StoredAnswer[] = []): Promise<void> => {
  for (const { sentAtMs, receivedAtMs, ...answer } of answers)
    await query(KEEP, { ...answer, sentAt: sentAtMs, receivedAt: receivedAtMs });
};

const noteEnds = async (query: Query, ended: readonly AttemptEnd[]): Promise<void> => {
  const ordered = ended.toSorted((one, other) => (one.id < other.id ? -1 : 1));
  for (const { id, outcome, status, requestId, tookMs } of ordered)
    await query(END_ATTEMPT, { id, outcome, status, requestId, tookMs: Math.round(tookMs) });
};
