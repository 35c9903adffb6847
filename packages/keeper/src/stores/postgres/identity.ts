import type { IdentityVerbs } from '../store.ts';
import type { Connections } from './connections.ts';

const READ = `SELECT d.id, d.key_check, (SELECT sum(pairs)::bigint FROM keeper_counters) AS high_water,
    (SELECT system_identifier::text FROM pg_control_system()) || '/' ||
      (SELECT oid::text FROM pg_database WHERE datname = current_database()) AS place
  FROM keeper_deployment AS d`;

/** For the start and the end. */
export const createIdentityVerbs = ({
  read,
  write,
}: Connections): Pick<IdentityVerbs, 'identity' | 'writeKeyCheck'> => ({
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
});
