import { toServiceKey } from '../rows.ts';
import type { ServiceKeyVerbs } from '../service-keys.ts';
import type { Connections } from './connections.ts';

const ADD = `INSERT INTO keeper_service_keys
    (name, digest, scopes, name_prefix, created_at_ms, expires_at_ms, used_at_ms, binding)
  VALUES (:name, :digest, :scopes, :namePrefix, :createdAt, :expiresAt, :usedAt, :binding)
  ON CONFLICT (name) DO NOTHING RETURNING 1`;
const REBIND = 'UPDATE keeper_service_keys SET binding = :next WHERE name = :name AND binding = :binding';
const LOCK = 'SELECT 1 FROM keeper_service_keys WHERE name = ANY(:names::text[]) ORDER BY name FOR UPDATE';
const USE = `UPDATE keeper_service_keys AS k SET used_at_ms = greatest(k.used_at_ms, u.used)
  FROM unnest(:names::text[], :used::bigint[]) AS u (name, used) WHERE k.name = u.name`;

/** The keys of the service. */
export const createServiceKeyVerbs = ({ read, write, transact }: Connections): ServiceKeyVerbs => ({
  addServiceKey: (key, most) =>
    transact(async (query) => {
      const [counted] = await query('SELECT count(*) AS keys FROM keeper_service_keys');
      if (Number(counted?.['keys']) >= most) return 'too_many';
      const added = await query(ADD, {
        name: key.name,
        digest: key.digest,
        scopes: JSON.stringify(key.scopes),
        namePrefix: key.namePrefix,
        createdAt: key.createdAtMs,
        expiresAt: key.expiresAtMs,
        usedAt: key.usedAtMs,
        binding: key.binding,
      });
      return added.length === 0 ? 'name_taken' : 'added';
    }),
  serviceKeys: async () => (await read('SELECT * FROM keeper_service_keys ORDER BY name')).map(toServiceKey),
  async rebindServiceKey({ name, binding }, next) {
    await write(REBIND, { name, binding, next });
  },
  removeServiceKey: async (name) =>
    (await write('DELETE FROM keeper_service_keys WHERE name = :name RETURNING 1', { name })).length > 0,
  async noteServiceKeyUses(uses) {
    if (uses.length === 0) return;
    const names = uses.map(({ name }) => name);
    await transact(async (query) => {
      await query(LOCK, { names });
      await query(USE, { names, used: uses.map(({ usedAtMs }) => usedAtMs) });
    });
  },
});
