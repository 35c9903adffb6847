import { toServiceKey } from '../rows.ts';
import type { ServiceKeyVerbs } from '../service-keys.ts';
import type { Connection } from './connection.ts';

/** The keys of the service. */
export const createServiceKeyVerbs = ({ database, commits }: Connection): ServiceKeyVerbs => {
  const count = database.prepare('SELECT count(*) AS keys FROM service_keys');
  const insert = database.prepare(
    `INSERT OR IGNORE INTO service_keys (name, digest, scopes, name_prefix, created_at_ms, expires_at_ms, used_at_ms, binding)
      VALUES (:name, :digest, :scopes, :namePrefix, :createdAt, :expiresAt, :usedAt, :binding)`,
  );
  const list = database.prepare('SELECT * FROM service_keys ORDER BY name');
  const rebind = database.prepare('UPDATE service_keys SET binding = ? WHERE name = ? AND binding = ?');
  const remove = database.prepare('DELETE FROM service_keys WHERE name = ?');
  const use = database.prepare(
    'UPDATE service_keys SET used_at_ms = max(coalesce(used_at_ms, 0), ?) WHERE name = ?',
  );
  return {
    addServiceKey: (key, most) =>
      commits.run(() => {
        if (Number(count.get()?.['keys']) >= most) return 'too_many';
        const { changes } = insert.run({
          name: key.name,
          digest: key.digest,
          scopes: JSON.stringify(key.scopes),
          namePrefix: key.namePrefix ?? null,
          createdAt: key.createdAtMs,
          expiresAt: key.expiresAtMs ?? null,
          usedAt: key.usedAtMs ?? null,
          binding: key.binding,
        });
        return changes === 0 ? 'name_taken' : 'added';
      }),
    serviceKeys: () => commits.read(() => list.all().map(toServiceKey)),
    rebindServiceKey: ({ name, binding }, next) => commits.run(() => void rebind.run(next, name, binding)),
    removeServiceKey: (name) => commits.run(() => remove.run(name).changes > 0),
    noteServiceKeyUses: (uses) =>
      commits.run(() => {
        for (const { name, usedAtMs } of uses) use.run(usedAtMs, name);
      }),
  };
};
