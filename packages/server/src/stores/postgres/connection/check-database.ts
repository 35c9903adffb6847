import type { ClientBase } from 'pg';
import { OperatorError } from '../../../errors.ts';
import { SELECT_ABILITIES } from './engine.ts';

/**
 * Refuses a connection on which an answered commit can still be lost, that leads to a standby, or to a database that
 * cannot store every text. Checks every new connection, because a failover may lead to another database. Databases that only speak the protocol do not have these
 * settings, and answer null.
 */
export const checkDatabase = async (client: Pick<ClientBase, 'query'>): Promise<void> => {
  const { rows } = await client.query<Record<string, string | null>>(SELECT_ABILITIES);
  const { read_only: readOnly, synchronous_commit: synchronousCommit, fsync, encoding } = rows[0] ?? {};
  if (readOnly === 'on') {
    throw new OperatorError(
      'store_read_only',
      'the database is read-only: it is a standby, or is configured so',
      'Name the primary: only it decides whether a token is valid.',
    );
  }
  if (synchronousCommit === 'off' || fsync === 'off') {
    const setting = fsync === 'off' ? 'fsync' : 'synchronous_commit';
    throw new OperatorError(
      'store_not_durable',
      `the database answers commits before they are on disk: ${setting} is off`,
      fsync === 'off'
        ? 'Set fsync = on in postgresql.conf. A crash would undo refreshes that clients have the answer to.'
        : 'ALTER ROLE ... SET synchronous_commit = on. A crash would undo refreshes that clients have the answer to.',
    );
  }
  if (encoding !== null && encoding !== undefined && encoding !== 'UTF8') {
    throw new OperatorError(
      'store_not_utf8',
      `the encoding of the database is ${encoding}: it cannot store the names and subjects of all owners`,
      "Create a database with UTF-8, CREATE DATABASE keyfob TEMPLATE template0 ENCODING 'UTF8', and name that one. The encoding of a database cannot be changed; what is in it goes over with pg_dump.",
    );
  }
};
