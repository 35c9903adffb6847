import type { ClientBase } from 'pg';
import { OperatorError } from '../../../errors.ts';
import { SELECT_DURABILITY } from './engine.ts';

/**
 * Refuses a connection on which an answered commit can still be lost, or that leads to a standby. Checks every new
 * connection, because a failover may lead to another database. Databases that only speak the protocol do not have these
 * settings, and answer null.
 */
export const checkDurable = async (client: Pick<ClientBase, 'query'>): Promise<void> => {
  const { rows } = await client.query<Record<string, string | null>>(SELECT_DURABILITY);
  const { read_only: readOnly, synchronous_commit: synchronousCommit, fsync } = rows[0] ?? {};
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
};
