/** Ends a grant for good. What its last send brings is not stored. */
export const CLOSE = `UPDATE grants SET state = 'closed', cause = 'disconnected', since_ms = ?, epoch = epoch + 1,
    due_at_ms = NULL, due_rank = NULL, lease_owner = NULL, lease_at_ms = NULL, lease_until_ms = NULL WHERE id = ?`;
