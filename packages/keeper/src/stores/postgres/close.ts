import { NOW } from './schema.ts';

/** Ends a grant for good, if no connection has it. What its last send brings is not stored. */
export const CLOSE = `UPDATE keeper_grants SET state = 'closed', cause = 'disconnected', since_ms = ${NOW}, epoch = epoch + 1,
    due_at_ms = NULL, due_rank = NULL, lease_owner = NULL, lease_at_ms = NULL, lease_until_ms = NULL
  WHERE id = :id AND NOT EXISTS (SELECT 1 FROM keeper_connections WHERE grant_id = :id)`;
