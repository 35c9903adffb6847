import { groupParts } from '../../../operators/trouble.ts';
import type { TroublePart, TroubleStore } from '../../../operators/trouble.ts';
import type { Connections } from '../connection/pool.ts';
import type { Row } from '../connection/transaction.ts';
import { canBeText } from './rows.ts';

/** In one order, so that two nodes never wait for each other. */
const ADD = `INSERT INTO troubles AS t (hour, event, reason, client_id, count, last_at_ms)
  SELECT * FROM unnest($1::bigint[], $2::text[], $3::text[], $4::text[], $5::bigint[], $6::bigint[])
    AS added (hour, event, reason, client_id, count, last_at_ms) ORDER BY hour, event, reason, client_id
  ON CONFLICT (hour, event, reason, client_id)
    DO UPDATE SET count = t.count + excluded.count, last_at_ms = greatest(t.last_at_ms, excluded.last_at_ms)`;
/** The parts are made once, because there are far fewer of them than rows. */
const LIST = `WITH parts AS MATERIALIZED (
    SELECT event, reason, client_id, (hour - $1::bigint) / $2::bigint AS part, sum(count) AS count, max(last_at_ms) AS last_at_ms
    FROM troubles WHERE hour >= $1 AND hour < $1::bigint + $2::bigint * $3::bigint AND ($4::text IS NULL OR client_id = $4)
      AND event = ANY($6::text[])
    GROUP BY event, reason, client_id, part
  ), most AS (
    SELECT event, reason, client_id FROM parts GROUP BY event, reason, client_id
    ORDER BY sum(count) DESC, max(last_at_ms) DESC LIMIT $5
  )
  SELECT event, reason, client_id, part, count, last_at_ms FROM parts JOIN most USING (event, reason, client_id)`;
const DROP = `WITH old AS (SELECT hour, event, reason, client_id FROM troubles WHERE hour < $1 ORDER BY hour LIMIT $2),
  dropped AS (
    DELETE FROM troubles AS t USING old WHERE t.hour = old.hour AND t.event = old.event AND t.reason = old.reason
      AND t.client_id = old.client_id RETURNING t.hour
  ) SELECT count(*) AS troubles FROM dropped`;

/** Refusals and replays by hour, cause and client. */
export const createTroubleVerbs = ({ read, write }: Connections): TroubleStore => ({
  async addTroubles(counts) {
    await write(ADD, [
      counts.map(({ hour }) => hour),
      counts.map(({ event }) => event),
      counts.map(({ reason }) => reason),
      counts.map(({ clientId }) => clientId),
      counts.map(({ count }) => count),
      counts.map(({ lastAtMs }) => lastAtMs),
    ]);
  },
  async listTroubles({ events, fromHour, hoursPerPart, partsCount, clientId = null, limit }) {
    if (clientId !== null && !canBeText(clientId)) return [];
    const rows = await read(LIST, [fromHour, hoursPerPart, partsCount, clientId, limit, events]);
    return groupParts(rows.map(toPart), partsCount);
  },
  async dropTroubles({ beforeHour, limit }) {
    const [row] = await write(DROP, [beforeHour, limit]);
    return Number(row?.['troubles']);
  },
});

const toPart = (row: Row): TroublePart => ({
  event: String(row['event']),
  reason: String(row['reason']),
  clientId: String(row['client_id']),
  part: Number(row['part']),
  count: Number(row['count']),
  lastAtMs: Number(row['last_at_ms']),
});
