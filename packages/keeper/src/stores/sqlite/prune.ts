import type { IdentityVerbs, PruneBounds } from '../store.ts';
import type { Connection } from './connection.ts';

const ATTEMPTS =
  'DELETE FROM attempts WHERE id IN (SELECT id FROM attempts WHERE sent_at_ms < :beforeMs LIMIT :limit)';
const REPLACED = `DELETE FROM replaced_tokens WHERE (name, fingerprint) IN (
  SELECT name, fingerprint FROM replaced_tokens WHERE replaced_at_ms < :beforeMs LIMIT :limit)`;
const CONSENTS = `DELETE FROM consents WHERE digest IN (
  SELECT digest FROM consents WHERE ends_at_ms <= :nowMs LIMIT :limit)`;
const ACKNOWLEDGED = `DELETE FROM events WHERE number IN (
  SELECT number FROM events WHERE acknowledged_at_ms < :beforeMs LIMIT :limit)`;
const DELIVERIES = `DELETE FROM deliveries WHERE rowid IN (
  SELECT rowid FROM deliveries WHERE created_at_ms < :beforeMs LIMIT :limit)`;
const SPARES = `DELETE FROM answers WHERE id IN (
  SELECT id FROM answers WHERE received_at_ms < :beforeMs AND NOT EXISTS (
    SELECT 1 FROM grants WHERE grants.id = answers.grant_id AND grants.generation <= answers.generation + 1)
  LIMIT :limit)`;

// What a listener must still get is derived from the grant: it is dead, and nobody knows.
const UNHEARD = `DELETE FROM events WHERE number IN (
  SELECT number FROM events AS e WHERE acknowledged_at_ms IS NULL AND (at_ms < :outboxBeforeMs OR number <= (
      SELECT number FROM events WHERE acknowledged_at_ms IS NULL ORDER BY number DESC LIMIT 1 OFFSET :eventsMax))
    AND NOT (kind = 'needs_consent'
      AND EXISTS (SELECT 1 FROM grants WHERE grants.id = e.grant_id AND state = 'dead')
      AND number = (SELECT max(number) FROM events
        WHERE grant_id = e.grant_id AND acknowledged_at_ms IS NULL AND kind = 'needs_consent'))
  ORDER BY number LIMIT :limit) RETURNING fanned_at_ms`;

/** Deletes what nobody needs any more. */
export const createPrune = ({ database, commits, nowMs }: Connection): IdentityVerbs['prune'] => {
  const pruning = [ATTEMPTS, REPLACED, ACKNOWLEDGED, DELIVERIES, SPARES].map((statement) =>
    database.prepare(statement),
  );
  const ended = database.prepare(CONSENTS);
  const unheard = database.prepare(UNHEARD);
  return ({ beforeMs, outbox, limit }: PruneBounds) =>
    commits.run(() => {
      const counts = pruning.map((statement) => Number(statement.run({ beforeMs, limit }).changes));
      counts.push(Number(ended.run({ nowMs: nowMs(), limit }).changes));
      const { eventsMax, beforeMs: outboxBeforeMs } = outbox;
      const gone = unheard.all({ outboxBeforeMs, eventsMax, limit });
      // Webhooks have got the others.
      const droppedEvents = gone.filter((row) => row['fanned_at_ms'] === null).length;
      return { droppedEvents, isMore: [...counts, gone.length].some((count) => count >= limit) };
    });
};
