import type { DatabaseSync } from 'node:sqlite';
import type { NewGrantEvent } from '../../outbox/grant-event.ts';
import { isWanted } from '../../outbox/webhook.ts';
import type { Webhooks } from './webhooks.ts';

/** Deliveries are added and removed with their grant events, in the same transactions. */
export const createOutbox = (database: DatabaseSync, webhooks: Webhooks) => {
  const insert = database.prepare(
    'INSERT INTO deliveries (webhook_id, grant_event, next_at_ms) VALUES (?, ?, ?)',
  );
  const due = database.prepare(
    `SELECT 1 FROM deliveries WHERE grant_event = ? AND webhook_id IN (SELECT id FROM webhooks) AND next_at_ms IS NOT NULL`,
  );
  const remove = database.prepare(
    'DELETE FROM deliveries WHERE grant_event = ? AND webhook_id IN (SELECT id FROM webhooks)',
  );
  let hasNew = false;
  return {
    add(sequence: number, grantEvent: NewGrantEvent): void {
      for (const webhook of webhooks.list()) {
        if (!isWanted(webhook, grantEvent)) continue;
        insert.run(webhook.id, sequence, grantEvent.atMs);
        hasNew = true;
      }
    },
    /** Whether deliveries were added since the last call. */
    takeNew(): boolean {
      const had = hasNew;
      hasNew = false;
      return had;
    },
    /** Whether a delivery of a grant event is still to be made. */
    isDue: (sequence: number): boolean => due.get(sequence) !== undefined,
    drop: (sequence: number): void => void remove.run(sequence),
  };
};

export type Outbox = ReturnType<typeof createOutbox>;
