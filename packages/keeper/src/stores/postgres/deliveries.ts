import { toDelivery, toEndpointHealth, toEvent } from '../rows.ts';
import type { DeliveryVerbs } from '../deliveries.ts';
import { laneOf } from '../stored-event.ts';
import type { Connections } from './connections.ts';
import { NOW } from './schema.ts';

const ANY = 'SELECT 1 FROM keeper_events WHERE fanned_at_ms IS NULL LIMIT 1';
// One process at a time: the order of one grant's events holds. Who finds the row locked leaves the work to its holder.
const LOCK = 'SELECT 1 FROM keeper_deployment FOR NO KEY UPDATE SKIP LOCKED';
const NEXT = `SELECT e.*, ARRAY(SELECT name FROM keeper_connections AS c WHERE c.grant_id = e.grant_id ORDER BY name) AS names
  FROM keeper_events AS e WHERE fanned_at_ms IS NULL ORDER BY number LIMIT :limit FOR UPDATE OF e`;
const COUNT = `SELECT count(*) AS waiting FROM (
  SELECT 1 FROM keeper_deliveries WHERE endpoint = :endpoint AND done_at_ms IS NULL LIMIT :most) AS d`;
const INSERT = `INSERT INTO keeper_deliveries (endpoint, event, lane, body, created_at_ms, next_at_ms, attempts)
  SELECT endpoint, event, lane, body, ${NOW}, ${NOW}, 0
  FROM unnest(:endpoints::text[], :events::bigint[], :lanes::text[], :bodies::text[]) AS d (endpoint, event, lane, body)
  ON CONFLICT (endpoint, event) DO NOTHING`;
const MARK = `UPDATE keeper_events SET fanned_at_ms = ${NOW} WHERE number = ANY(:numbers::bigint[])`;

const DUE = `endpoint = :endpoint AND done_at_ms IS NULL AND next_at_ms <= ${NOW}`;
const TAKE = `WITH due AS MATERIALIZED (
    SELECT event FROM keeper_deliveries AS d WHERE ${DUE} AND NOT EXISTS (
      SELECT 1 FROM keeper_deliveries AS earlier WHERE earlier.endpoint = d.endpoint AND earlier.lane = d.lane
        AND earlier.done_at_ms IS NULL AND earlier.event < d.event)
    ORDER BY next_at_ms, event LIMIT :limit FOR UPDATE SKIP LOCKED
  ) UPDATE keeper_deliveries AS d SET next_at_ms = ${NOW} + :leaseMs::bigint, attempts = attempts + 1
    FROM due WHERE d.endpoint = :endpoint AND d.event = due.event RETURNING d.*`;
// The lane's rows in order of their events, so that two transactions never wait for each other.
const LOCK_LANE = `SELECT 1 FROM keeper_deliveries WHERE endpoint = :endpoint AND done_at_ms IS NULL AND lane = (
    SELECT lane FROM keeper_deliveries WHERE endpoint = :endpoint AND event = :event)
  ORDER BY event FOR UPDATE`;
const SETTLE = `UPDATE keeper_deliveries SET done_at_ms = CASE WHEN :retryInMs::bigint IS NULL THEN ${NOW} END,
    next_at_ms = ${NOW} + coalesce(:retryInMs::bigint, 0), outcome = :outcome, status = :status, error = :error
  WHERE endpoint = :endpoint AND event = :event AND attempts = :attempts AND done_at_ms IS NULL RETURNING lane`;
const FOLLOW = `UPDATE keeper_deliveries SET next_at_ms = ${NOW} + coalesce(:retryInMs::bigint, 0)
  WHERE endpoint = :endpoint AND lane = :lane AND done_at_ms IS NULL`;
const HEALTH = `SELECT d.endpoint, count(*) AS waiting, count(*) FILTER (WHERE attempts > 0) AS failing,
    min(created_at_ms) AS oldest_at_ms,
    (SELECT error FROM keeper_deliveries AS f WHERE f.endpoint = d.endpoint AND f.done_at_ms IS NULL
      AND error IS NOT NULL ORDER BY event LIMIT 1) AS error
  FROM keeper_deliveries AS d WHERE done_at_ms IS NULL GROUP BY d.endpoint ORDER BY d.endpoint`;

/** Events on their way to webhooks. */
export const createDeliveryVerbs = ({ read, write, transact }: Connections): DeliveryVerbs => ({
  async fanOut(limit, most, render) {
    // A look costs no transaction.
    if ((await read(ANY)).length === 0) return { events: 0, dropped: [] };
    return transact(async (query) => {
      if ((await query(LOCK)).length === 0) return { events: 0, dropped: [] };
      const rows = await query(NEXT, { limit });
      const events = rows.map((row) => toEvent(row, row['names'] as unknown as readonly string[]));
      const wanted = events.flatMap((event) => render(event).map((delivery) => ({ event, ...delivery })));
      const room = new Map<string, number>();
      for (const { endpoint } of wanted) {
        if (room.has(endpoint)) continue;
        const [counted] = await query(COUNT, { endpoint, most });
        room.set(endpoint, most - Number(counted?.['waiting']));
      }
      const dropped: string[] = [];
      const kept = wanted.filter(({ endpoint }) => {
        const left = room.get(endpoint) ?? 0;
        room.set(endpoint, left - 1);
        if (left <= 0) dropped.push(endpoint);
        return left > 0;
      });
      if (kept.length > 0)
        await query(INSERT, {
          endpoints: kept.map(({ endpoint }) => endpoint),
          events: kept.map(({ event }) => Number(event.id)),
          lanes: kept.map(({ event }) => laneOf(event)),
          bodies: kept.map(({ body }) => body),
        });
      await query(MARK, { numbers: events.map(({ id }) => Number(id)) });
      return { events: events.length, dropped };
    });
  },
  async takeDeliveries(endpoint, limit, leaseMs) {
    const due = await read(`SELECT 1 FROM keeper_deliveries WHERE ${DUE} LIMIT 1`, { endpoint });
    if (due.length === 0) return [];
    return (await write(TAKE, { endpoint, limit, leaseMs })).map(toDelivery);
  },
  settleDelivery: ({ endpoint, eventId, attempts }, { outcome, status, error, retryInMs }) =>
    transact(async (query) => {
      const event = Number(eventId);
      await query(LOCK_LANE, { endpoint, event });
      const [row] = await query(SETTLE, { endpoint, event, attempts, outcome, status, error, retryInMs });
      if (row === undefined) return false;
      // What comes after it waits with it, and is due when it is done.
      await query(FOLLOW, { endpoint, lane: String(row['lane']), retryInMs });
      return true;
    }),
  endpointHealth: async () => (await read(HEALTH)).map(toEndpointHealth),
});
