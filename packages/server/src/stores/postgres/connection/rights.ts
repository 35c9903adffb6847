import { OperatorError } from '../../../errors.ts';
import { showPostgresUrl } from './address.ts';
import { TABLES } from '../moved.ts';
import type { Connections } from './pool.ts';

/** Those of `TABLES` on which the user lacks one; a table that is away has no say in it. */
const SELECT = `SELECT name FROM unnest($1::text[]) AS t (name)
  WHERE NOT (has_table_privilege(to_regclass(name)::oid, 'SELECT') AND has_table_privilege(to_regclass(name)::oid, 'INSERT')
    AND has_table_privilege(to_regclass(name)::oid, 'UPDATE') AND has_table_privilege(to_regclass(name)::oid, 'DELETE'))`;

/**
 * Refuses a user who may not use every table. Where the owner gave rights once and not by default, the table that an
 * upgrade brings is out of reach: such a node would say that it is ready, and 503 to every refresh. Throws `OperatorError`.
 */
export const checkRights = async (url: string, { read }: Connections): Promise<void> => {
  const missing = await read(SELECT, [[...TABLES, 'nodes']]);
  if (missing.length === 0) return;
  const names = missing.map(({ name }) => String(name)).join(', ');
  throw new OperatorError(
    'store_rights_missing',
    `${showPostgresUrl(url)}: the database user needs SELECT, INSERT, UPDATE and DELETE on ${names}`,
    'As the owner of the tables: GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO ...; and by ALTER DEFAULT PRIVILEGES for those to come.',
  );
};
