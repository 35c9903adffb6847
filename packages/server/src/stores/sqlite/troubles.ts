import { groupParts, keptOf } from '../../operators/trouble.ts';
import type { TroublePart, TroubleStore } from '../../operators/trouble.ts';
import type { Connection } from './connection.ts';
import { prepareValues } from './rows.ts';
import type { Values } from './rows.ts';

/** From the front of the primary key: only what is asked for is read. */
const LIST = `SELECT event, reason, client_id, (hour - CAST(?3 AS INTEGER)) / CAST(?2 AS INTEGER), count, last_at_ms FROM troubles
  WHERE event IN (SELECT value FROM json_each(?1)) AND hours = ?2 AND hour >= ?3 AND hour < ?4 AND (?5 IS NULL OR client_id = ?5)`;

/** Refusals and replays by time, cause and client. */
export const createTroubleVerbs = ({ database, commits, read }: Connection): TroubleStore => {
  const add = database.prepare(
    `INSERT INTO troubles (event, hours, hour, reason, client_id, count, last_at_ms) VALUES (?, ?, ?, ?, ?, ?, ?)
    ON CONFLICT (event, hours, hour, reason, client_id)
      DO UPDATE SET count = count + excluded.count, last_at_ms = max(last_at_ms, excluded.last_at_ms)`,
  );
  const list = prepareValues(database, LIST);
  // The table is read as a whole, once an hour: it has no row older than a month.
  const drop = database.prepare(
    `DELETE FROM troubles WHERE (event, hours, hour, reason, client_id) IN
      (SELECT event, hours, hour, reason, client_id FROM troubles WHERE hours = ? AND hour < ? ORDER BY hour LIMIT ?)`,
  );
  return {
    addTroubles: (counts) =>
      commits.run(() => {
        for (const { event, hours, hour, reason, clientId, count, lastAtMs } of keptOf(counts))
          add.run(event, hours, hour, reason, clientId, count, lastAtMs);
      }),
    listTroubles: ({ events, fromHour, hoursPerPart, partsCount, clientId = null, limit }) =>
      read(() => {
        const endHour = fromHour + hoursPerPart * partsCount;
        const rows = list.all(JSON.stringify(events), hoursPerPart, fromHour, endHour, clientId);
        return groupParts(rows.map(toPart), partsCount).slice(0, limit);
      }),
    dropTroubles: ({ hoursPerPart, beforeHour, limit }) =>
      commits.run(() => Number(drop.run(hoursPerPart, beforeHour, limit).changes)),
  };
};

const toPart = ([event, reason, clientId, part, count, lastAtMs]: Values): TroublePart => ({
  event: String(event),
  reason: String(reason),
  clientId: String(clientId),
  part: Number(part),
  count: Number(count),
  lastAtMs: Number(lastAtMs),
});
