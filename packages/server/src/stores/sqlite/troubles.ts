import { groupParts } from '../../operators/trouble.ts';
import type { TroublePart, TroubleStore } from '../../operators/trouble.ts';
import type { Connection } from './connection.ts';
import type { Row } from './rows.ts';

/** Refusals and replays by hour, cause and client. */
export const createTroubleVerbs = ({ database, commits, read }: Connection): TroubleStore => {
  const add = database.prepare(
    `INSERT INTO troubles (hour, event, reason, client_id, count, last_at_ms) VALUES (?, ?, ?, ?, ?, ?)
    ON CONFLICT (hour, event, reason, client_id)
      DO UPDATE SET count = count + excluded.count, last_at_ms = max(last_at_ms, excluded.last_at_ms)`,
  );
  const list = database.prepare(
    `WITH span AS (
      SELECT event, reason, client_id, (hour - CAST(?1 AS INTEGER)) / CAST(?2 AS INTEGER) AS part, count, last_at_ms FROM troubles
      WHERE hour >= ?1 AND hour < ?1 + ?2 * ?3 AND (?4 IS NULL OR client_id = ?4)
        AND event IN (SELECT value FROM json_each(?6))
    ), most AS (
      SELECT event, reason, client_id FROM span GROUP BY event, reason, client_id
      ORDER BY sum(count) DESC, max(last_at_ms) DESC LIMIT ?5
    )
    SELECT event, reason, client_id, part, sum(count) AS count, max(last_at_ms) AS last_at_ms
    FROM span JOIN most USING (event, reason, client_id) GROUP BY event, reason, client_id, part`,
  );
  const drop = database.prepare(
    `DELETE FROM troubles WHERE (hour, event, reason, client_id) IN
      (SELECT hour, event, reason, client_id FROM troubles WHERE hour < ? ORDER BY hour LIMIT ?)`,
  );
  return {
    addTroubles: (counts) =>
      commits.run(() => {
        for (const { hour, event, reason, clientId, count, lastAtMs } of counts)
          add.run(hour, event, reason, clientId, count, lastAtMs);
      }),
    listTroubles: ({ events, fromHour, hoursPerPart, partsCount, clientId = null, limit }) =>
      read(() => {
        const span = [fromHour, hoursPerPart, partsCount, clientId, limit, JSON.stringify(events)];
        return groupParts(list.all(...span).map(toPart), partsCount);
      }),
    dropTroubles: ({ beforeHour, limit }) => commits.run(() => Number(drop.run(beforeHour, limit).changes)),
  };
};

const toPart = (row: Row): TroublePart => ({
  event: String(row['event']),
  reason: String(row['reason']),
  clientId: String(row['client_id']),
  part: Number(row['part']),
  count: Number(row['count']),
  lastAtMs: Number(row['last_at_ms']),
});
