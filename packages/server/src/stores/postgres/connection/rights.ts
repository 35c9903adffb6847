import { OperatorError } from '../../../errors.ts';
import { showPostgresUrl } from './address.ts';
import { TABLES, UNMOVED_TABLES } from '../moved.ts';
import { SELECT_WITHOUT_RIGHTS } from './engine.ts';
import type { Connections } from './pool.ts';

/**
 * Refuses a user who may not use every table. Where the owner granted rights once and not by default, a table that an
 * upgrade adds is out of reach: such a node would report itself ready and answer every refresh 503. Throws `OperatorError`.
 */
export const checkRights = async (url: string, { read }: Connections): Promise<void> => {
  const missing = await read(SELECT_WITHOUT_RIGHTS, [[...TABLES, ...UNMOVED_TABLES]]);
  if (missing.length === 0) return;
  const names = missing.map(({ name }) => String(name)).join(', ');
  throw new OperatorError(
    'store_rights_missing',
    `${showPostgresUrl(url)}: the database user needs SELECT, INSERT, UPDATE and DELETE on ${names}`,
    'As the owner of the tables: GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO ...; and use ALTER DEFAULT PRIVILEGES for future tables.',
  );
};
