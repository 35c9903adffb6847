import { OperatorError } from '../../../errors.ts';
import { showPostgresUrl } from './address.ts';
import { TABLES } from '../moved.ts';
import type { Connections } from './pool.ts';

/** The tables on which the user lacks a right; a table that does not exist is skipped. */
const SELECT = `SELECT name FROM unnest($1::text[]) AS t (name)
  WHERE NOT (has_table_privilege(to_regclass(name)::oid, 'SELECT') AND has_table_privilege(to_regclass(name)::oid, 'INSERT')
    AND has_table_privilege(to_regclass(name)::oid, 'UPDATE') AND has_table_privilege(to_regclass(name)::oid, 'DELETE'))`;

/**
 * Refuses a user who may not use every table. Where the owner granted rights once and not by default, a table that an
 * upgrade adds is out of reach: such a node would report itself ready and answer every refresh 503. Throws `OperatorError`.
 */
export const checkRights = async (url: string, { read }: Connections): Promise<void> => {
  const missing = await read(SELECT, [[...TABLES, 'clock', 'nodes']]);
  if (missing.length === 0) return;
  const names = missing.map(({ name }) => String(name)).join(', ');
  throw new OperatorError(
    'store_rights_missing',
    `${showPostgresUrl(url)}: the database user needs SELECT, INSERT, UPDATE and DELETE on ${names}`,
    'As the owner of the tables: GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO ...; and use ALTER DEFAULT PRIVILEGES for future tables.',
  );
};
