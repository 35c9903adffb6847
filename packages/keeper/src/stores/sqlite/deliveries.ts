import { toDelivery, toEndpointHealth, toEvent } from '../rows.ts';
import type { DeliveryVerbs, NewDelivery } from '../deliveries.ts';
import { laneOf } from '../stored-event.ts';
import type { StoredEvent } from '../stored-event.ts';
import type { Connection } from './connection.ts';

const TAKE = `UPDATE deliveries SET next_at_ms = :now + :leaseMs, attempts = attempts + 1 WHERE rowid IN (
    SELECT d.rowid FROM deliveries AS d WHERE d.endpoint = :endpoint AND d.done_at_ms IS NULL AND d.next_at_ms <= :now
      AND NOT EXISTS (SELECT 1 FROM deliveries AS earlier WHERE earlier.endpoint = d.endpoint AND earlier.lane = d.lane
        AND earlier.done_at_ms IS NULL AND earlier.event < d.event)
    ORDER BY d.next_at_ms, d.event LIMIT :limit) RETURNING *`;

const HEALTH = `SELECT d.endpoint, count(*) AS waiting, sum(attempts > 0) AS failing, min(created_at_ms) AS oldest_at_ms,
    (SELECT error FROM deliveries AS f WHERE f.endpoint = d.endpoint AND f.done_at_ms IS NULL AND error IS NOT NULL
      ORDER BY event LIMIT 1) AS error
  FROM deliveries AS d WHERE done_at_ms IS NULL GROUP BY d.endpoint ORDER BY d.endpoint`;

/** Events on their way to webhooks. */
export const createDeliveryVerbs = ({ database, commits, nowMs }: Connection): DeliveryVerbs => {
  const isAny = database.prepare('SELECT 1 FROM events WHERE fanned_at_ms IS NULL LIMIT 1');
  const next = database.prepare('SELECT * FROM events WHERE fanned_at_ms IS NULL ORDER BY number LIMIT ?');
  const names = database.prepare('SELECT name FROM connections WHERE grant_id = ? ORDER BY name');
  const mark = database.prepare('UPDATE events SET fanned_at_ms = ? WHERE number = ?');
  const count = database.prepare(
    'SELECT count(*) AS waiting FROM (SELECT 1 FROM deliveries WHERE endpoint = ? AND done_at_ms IS NULL LIMIT ?)',
  );
  const insert = database.prepare(
    `INSERT OR IGNORE INTO deliveries (endpoint, event, lane, body, created_at_ms, next_at_ms, attempts)
      VALUES (:endpoint, :event, :lane, :body, :now, :now, 0)`,
  );
  const waits = database.prepare(
    'SELECT 1 FROM deliveries WHERE endpoint = ? AND done_at_ms IS NULL AND next_at_ms <= ? LIMIT 1',
  );
  const take = database.prepare(TAKE);
  const settle = database.prepare(
    `UPDATE deliveries SET done_at_ms = :doneAt, next_at_ms = :nextAt, outcome = :outcome, status = :status, error = :error
      WHERE endpoint = :endpoint AND event = :event AND attempts = :attempts AND done_at_ms IS NULL RETURNING lane`,
  );
  const follow = database.prepare(
    'UPDATE deliveries SET next_at_ms = ? WHERE endpoint = ? AND lane = ? AND done_at_ms IS NULL',
  );
  const health = database.prepare(HEALTH);

  const eventsToFan = (limit: number): readonly StoredEvent[] =>
    next.all(limit).map((row) => {
      const grantId = row['grant_id'] ?? null;
      return toEvent(row, grantId === null ? [] : names.all(grantId).map(({ name }) => String(name)));
    });

  return {
    async fanOut(limit, most, render) {
      // A look costs no transaction.
      if ((await commits.read(() => isAny.get())) === undefined) return { events: 0, dropped: [] };
      return commits.run(() => {
        const now = nowMs();
        const dropped: string[] = [];
        const waiting = new Map<string, number>();
        const keep = (event: StoredEvent, { endpoint, body }: NewDelivery): void => {
          const queued = waiting.get(endpoint) ?? Number(count.get(endpoint, most)?.['waiting']);
          if (queued >= most) return void dropped.push(endpoint);
          waiting.set(endpoint, queued + 1);
          insert.run({ endpoint, event: Number(event.id), lane: laneOf(event), body, now });
        };
        const events = eventsToFan(limit);
        for (const event of events) {
          for (const delivery of render(event)) keep(event, delivery);
          mark.run(now, Number(event.id));
        }
        return { events: events.length, dropped };
      });
    },
    async takeDeliveries(endpoint, limit, leaseMs) {
      if ((await commits.read(() => waits.get(endpoint, nowMs()))) === undefined) return [];
      return commits.run(() => take.all({ endpoint, limit, leaseMs, now: nowMs() }).map(toDelivery));
    },
    settleDelivery: ({ endpoint, eventId, attempts }, { outcome, status, error, retryInMs }) =>
      commits.run(() => {
        const now = nowMs();
        const nextAt = now + (retryInMs ?? 0);
        const row = settle.get({
          endpoint,
          event: Number(eventId),
          attempts,
          doneAt: retryInMs === undefined ? now : null,
          nextAt,
          outcome,
          status: status ?? null,
          error: error ?? null,
        });
        if (row === undefined) return false;
        // What comes after it waits with it, and is due when it is done.
        follow.run(nextAt, endpoint, String(row['lane']));
        return true;
      }),
    endpointHealth: () => commits.read(() => health.all().map(toEndpointHealth)),
  };
};
