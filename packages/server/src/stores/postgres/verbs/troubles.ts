import { keptOf } from '../../../operators/trouble.ts';
import type { TroubleGroup, TroubleStore } from '../../../operators/trouble.ts';
import type { Connections } from '../connection/pool.ts';
import type { Row } from '../connection/transaction.ts';
import { canBeText } from './rows.ts';

/** In one order, so that two nodes never wait for each other. */
const ADD = `INSERT INTO troubles AS t (event, hours, hour, reason, client_id, count, last_at_ms)
  SELECT * FROM unnest($1::text[], $2::bigint[], $3::bigint[], $4::text[], $5::text[], $6::bigint[], $7::bigint[])
    AS added (event, hours, hour, reason, client_id, count, last_at_ms) ORDER BY event, hours, hour, reason, client_id
  ON CONFLICT (event, hours, hour, reason, client_id)
    DO UPDATE SET count = t.count + excluded.count, last_at_ms = greatest(t.last_at_ms, excluded.last_at_ms)`;
/** From the front of the primary key, whatever the plan knows of the values. Grouped by client first, where rows differ soonest: it sorts in half the time. */
const LIST = `SELECT event, reason, client_id, sum(count) AS count, max(last_at_ms) AS last_at_ms,
    json_object_agg((hour - $3::bigint) / $2::bigint, count)::text AS parts
  FROM troubles WHERE event = ANY($1::text[]) AND hours = $2 AND hour >= $3 AND hour < $3 + $2 * $4::bigint
    AND ($5::text IS NULL OR client_id = $5)
  GROUP BY client_id, reason, event ORDER BY sum(count) DESC, max(last_at_ms) DESC LIMIT $6`;
/** The index is read as a whole, once an hour: it has no row older than a month. */
const DROP = `WITH old AS (
    SELECT event, hours, hour, reason, client_id FROM troubles WHERE hours = $1 AND hour < $2 ORDER BY hour LIMIT $3
  ), dropped AS (
    DELETE FROM troubles AS t USING old WHERE t.event = old.event AND t.hours = old.hours AND t.hour = old.hour
      AND t.reason = old.reason AND t.client_id = old.client_id RETURNING t.hour
  ) SELECT count(*) AS troubles FROM dropped`;

/** Refusals and replays by time, cause and client. */
export const createTroubleVerbs = ({ read, write }: Connections): TroubleStore => ({
  async addTroubles(counts) {
    const kept = keptOf(counts);
    await write(ADD, [
      kept.map(({ event }) => event),
      kept.map(({ hours }) => hours),
      kept.map(({ hour }) => hour),
      kept.map(({ reason }) => reason),
      kept.map(({ clientId }) => clientId),
      kept.map(({ count }) => count),
      kept.map(({ lastAtMs }) => lastAtMs),
    ]);
  },
  async listTroubles({ events, fromHour, hoursPerPart, partsCount, clientId = null, limit }) {
    if (clientId !== null && !canBeText(clientId)) return [];
    const rows = await read(LIST, [events, hoursPerPart, fromHour, partsCount, clientId, limit]);
    return rows.map((row) => toGroup(row, partsCount));
  },
  async dropTroubles({ hoursPerPart, beforeHour, limit }) {
    const [row] = await write(DROP, [hoursPerPart, beforeHour, limit]);
    return Number(row?.['troubles']);
  },
});

const toGroup = (row: Row, partsCount: number): TroubleGroup => {
  const counts = JSON.parse(String(row['parts'])) as Readonly<Record<number, number>>;
  return {
    event: String(row['event']),
    reason: String(row['reason']),
    clientId: String(row['client_id']),
    count: Number(row['count']),
    lastAtMs: Number(row['last_at_ms']),
    parts: Array.from({ length: partsCount }, (_, part) => counts[part] ?? 0),
  };
};
