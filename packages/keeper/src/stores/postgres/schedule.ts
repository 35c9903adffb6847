import type { Grant } from '../../grants/grant.ts';
import { toGrant } from '../rows.ts';
import type { ScheduleVerbs } from '../store.ts';
import type { DatabaseClock } from './clock.ts';
import type { Connections } from './connections.ts';
import { NOW } from './schema.ts';

const DUE = `client = :client AND due_rank = :rank AND due_at_ms <= ${NOW}
  AND (held_until_ms IS NULL OR held_until_ms <= ${NOW}) AND sends >= :sends`;
const WAITS = `SELECT 1 FROM keeper_grants WHERE ${DUE} LIMIT 1`;
// Rows that another process has locked are left out: nobody waits. MATERIALIZED, so that they are chosen once.
const TAKE = `WITH due AS MATERIALIZED (
    SELECT id FROM keeper_grants WHERE ${DUE} ORDER BY due_at_ms LIMIT :limit FOR NO KEY UPDATE SKIP LOCKED
  ) UPDATE keeper_grants AS g SET held_until_ms = ${NOW} + :holdMs::bigint FROM due WHERE g.id = due.id RETURNING g.*`;
const PULL = `WITH idle AS MATERIALIZED (
    SELECT id FROM keeper_grants WHERE client = :client AND due_rank = 2 AND due_at_ms >= :fromMs AND due_at_ms < :untilMs
      AND state = 'active' AND failures = 0 ORDER BY due_at_ms LIMIT :limit FOR NO KEY UPDATE SKIP LOCKED
  ) UPDATE keeper_grants AS g SET due_at_ms = g.due_at_ms - :byMs::bigint FROM idle WHERE g.id = idle.id RETURNING 1`;
const RENEW = `WITH held AS MATERIALIZED (
    SELECT id FROM keeper_grants WHERE lease_owner = :owner ORDER BY id FOR NO KEY UPDATE
  ) UPDATE keeper_grants AS g SET lease_until_ms = ${NOW} + :leaseMs::bigint FROM held
    WHERE g.id = held.id AND g.lease_owner = :owner RETURNING g.id, g.fence`;
const ENDING = `SELECT * FROM keeper_grants WHERE client = :client AND refresh_expires_at_ms <= :atMs
    AND (refresh_expires_at_ms, id) > (:afterMs::bigint, :afterId) AND state NOT IN ('dead', 'closed')
  ORDER BY refresh_expires_at_ms, id LIMIT :limit`;

/** What is due, and who holds what. */
export const createScheduleVerbs = (
  { read, write }: Connections,
  { nowMs, latest, measure }: DatabaseClock,
): ScheduleVerbs => ({
  nowMs,
  latest,
  async takeDue({ client, rank, limit, holdMs, isSent = false }) {
    const wanted = { client, rank, sends: isSent ? 1 : 0 };
    // A look costs no transaction.
    if ((await read(WAITS, wanted)).length === 0) return [];
    const grants = (await write(TAKE, { ...wanted, limit, holdMs })).map(toGrant);
    return grants.sort(byDue);
  },
  pullForward: async (pull) => (await write(PULL, pull)).length,
  async leased() {
    await measure();
    return (await read('SELECT * FROM keeper_grants WHERE lease_owner IS NOT NULL')).map(toGrant);
  },
  async renew(owner, leaseMs) {
    const rows = await write(RENEW, { owner, leaseMs });
    return new Map(rows.map(({ id, fence }) => [String(id), Number(fence)]));
  },
  endingBefore: async (client, atMs, { after, limit }) => {
    const [afterMs, afterId] = [after?.refreshExpiresAtMs ?? 0, after?.id ?? ''];
    return (await read(ENDING, { client, atMs, afterMs, afterId, limit })).map(toGrant);
  },
});

const byDue = (one: Grant, other: Grant): number => (one.due?.atMs ?? 0) - (other.due?.atMs ?? 0);
