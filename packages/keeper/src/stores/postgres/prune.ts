import type { IdentityVerbs } from '../store.ts';
import type { Connections } from './connections.ts';
import { NOW } from './schema.ts';

// What another transaction has locked is left for the next time: nobody waits, so nobody waits for each other.
const MARKS = `DELETE FROM keeper_commits WHERE id IN (
    SELECT id FROM keeper_commits WHERE at_ms < ${NOW} - 3600000 LIMIT :limit FOR UPDATE SKIP LOCKED)
  RETURNING 1`;
const CONSENTS = `DELETE FROM keeper_consents WHERE digest IN (
    SELECT digest FROM keeper_consents WHERE ends_at_ms <= ${NOW} LIMIT :limit FOR UPDATE SKIP LOCKED)
  RETURNING 1`;
const ATTEMPTS = `DELETE FROM keeper_attempts WHERE id IN (
    SELECT id FROM keeper_attempts WHERE sent_at_ms < :before LIMIT :limit FOR UPDATE SKIP LOCKED)
  RETURNING 1`;
const REPLACED = `DELETE FROM keeper_replaced_tokens WHERE (name, fingerprint) IN (
    SELECT name, fingerprint FROM keeper_replaced_tokens WHERE replaced_at_ms < :before LIMIT :limit FOR UPDATE SKIP LOCKED)
  RETURNING 1`;
const ACKNOWLEDGED = `DELETE FROM keeper_events WHERE number IN (
    SELECT number FROM keeper_events WHERE acknowledged_at_ms < :before LIMIT :limit FOR UPDATE SKIP LOCKED)
  RETURNING 1`;
const DELIVERIES = `DELETE FROM keeper_deliveries WHERE (endpoint, event) IN (
    SELECT endpoint, event FROM keeper_deliveries WHERE created_at_ms < :before LIMIT :limit FOR UPDATE SKIP LOCKED)
  RETURNING 1`;
const SPARES = `DELETE FROM keeper_answers WHERE id IN (
    SELECT a.id FROM keeper_answers AS a WHERE a.received_at_ms < :before AND NOT EXISTS (
      SELECT 1 FROM keeper_grants AS g WHERE g.id = a.grant_id AND g.generation <= a.generation + 1)
    LIMIT :limit FOR UPDATE OF a SKIP LOCKED)
  RETURNING 1`;

// What a listener must still get is derived from the grant: it is dead, and nobody knows.
const UNHEARD = `DELETE FROM keeper_events WHERE number IN (
    SELECT number FROM keeper_events AS e WHERE acknowledged_at_ms IS NULL AND (at_ms < :before OR number <= (
        SELECT number FROM keeper_events WHERE acknowledged_at_ms IS NULL
        ORDER BY number DESC LIMIT 1 OFFSET :eventsMax))
      AND NOT (kind = 'needs_consent'
        AND EXISTS (SELECT 1 FROM keeper_grants AS g WHERE g.id = e.grant_id AND g.state = 'dead')
        AND number = (SELECT max(number) FROM keeper_events AS o
          WHERE o.grant_id = e.grant_id AND o.acknowledged_at_ms IS NULL AND o.kind = 'needs_consent'))
    ORDER BY number LIMIT :limit FOR UPDATE OF e SKIP LOCKED)
  RETURNING fanned_at_ms`;

/** Deletes what nobody needs any more. */
export const createPrune =
  ({ write }: Connections): IdentityVerbs['prune'] =>
  async ({ beforeMs: before, outbox, limit }) => {
    const counts: number[] = [];
    for (const statement of [MARKS, CONSENTS, ATTEMPTS, REPLACED, ACKNOWLEDGED, DELIVERIES, SPARES])
      counts.push((await write(statement, { before, limit })).length);
    const { beforeMs, eventsMax } = outbox;
    const gone = await write(UNHEARD, { before: beforeMs, eventsMax, limit });
    // Webhooks have got the others.
    const droppedEvents = gone.filter((row) => row['fanned_at_ms'] === null).length;
    return { droppedEvents, isMore: [...counts, gone.length].some((count) => count >= limit) };
  };
