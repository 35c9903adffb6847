import type { IdentityVerbs } from '../store.ts';
import type { Connections } from './connections.ts';
import { NOW } from './schema.ts';

const READ = `SELECT d.id, d.key_check, (SELECT sum(pairs)::bigint FROM keeper_counters) AS high_water,
    (SELECT system_identifier::text FROM pg_control_system()) || '/' ||
      (SELECT oid::text FROM pg_database WHERE datname = current_database()) AS place
  FROM keeper_deployment AS d`;

// What another transaction has locked is left for the next time: nobody waits, so nobody waits for each other.
const PRUNING = [
  `DELETE FROM keeper_commits WHERE id IN (
    SELECT id FROM keeper_commits WHERE at_ms < ${NOW} - 3600000 FOR UPDATE SKIP LOCKED)`,
  `DELETE FROM keeper_attempts WHERE id IN (
    SELECT id FROM keeper_attempts WHERE sent_at_ms < :before FOR UPDATE SKIP LOCKED)`,
  `DELETE FROM keeper_events WHERE number IN (
    SELECT number FROM keeper_events WHERE acknowledged_at_ms < :before FOR UPDATE SKIP LOCKED)`,
  `DELETE FROM keeper_answers WHERE id IN (
    SELECT a.id FROM keeper_answers AS a WHERE a.received_at_ms < :before AND NOT EXISTS (
      SELECT 1 FROM keeper_grants AS g WHERE g.id = a.grant_id AND g.generation <= a.generation + 1)
    FOR UPDATE OF a SKIP LOCKED)`,
];

/** For the start and the end. */
export const createIdentityVerbs = ({
  read,
  write,
}: Connections): Pick<IdentityVerbs, 'identity' | 'writeKeyCheck' | 'prune'> => ({
  async identity() {
    const [row = {}] = await read(READ);
    return {
      deploymentId: String(row['id']),
      highWater: Number(row['high_water']),
      place: String(row['place']),
      keyCheck: (row['key_check'] ?? undefined) as Uint8Array | undefined,
    };
  },
  async writeKeyCheck(sealed) {
    await write('UPDATE keeper_deployment SET key_check = :sealed', { sealed });
  },
  async prune(before) {
    for (const statement of PRUNING) await write(statement, { before });
  },
});
