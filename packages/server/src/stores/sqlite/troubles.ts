import { groupParts } from '../../operators/trouble.ts';
import type { TroublePart, TroubleStore } from '../../operators/trouble.ts';
import type { Connection } from './connection.ts';
import { prepareValues } from './rows.ts';
import type { Values } from './rows.ts';

/** From the front of the primary key: of the events in question, only the hours in question are read. */
const OF_SPAN = `event IN (SELECT value FROM json_each(?4)) AND hour >= ?1 AND hour < ?2 AND (?3 IS NULL OR client_id = ?3)`;

/** Refusals and replays by hour, cause and client. */
export const createTroubleVerbs = ({ database, commits, read }: Connection): TroubleStore => {
  const add = database.prepare(
    `INSERT INTO troubles (hour, event, reason, client_id, count, last_at_ms) VALUES (?, ?, ?, ?, ?, ?)
    ON CONFLICT (hour, event, reason, client_id)
      DO UPDATE SET count = count + excluded.count, last_at_ms = max(last_at_ms, excluded.last_at_ms)`,
  );
  // Within an hour, the rows are the counts already.
  const listHours = prepareValues(
    database,
    `SELECT event, reason, client_id, hour - CAST(?1 AS INTEGER), count, last_at_ms FROM troubles WHERE ${OF_SPAN}`,
  );
  const listParts = prepareValues(
    database,
    `SELECT event, reason, client_id, (hour - CAST(?1 AS INTEGER)) / CAST(?5 AS INTEGER) AS part, sum(count), max(last_at_ms)
    FROM troubles WHERE ${OF_SPAN} GROUP BY event, reason, client_id, part`,
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
        const span = [fromHour, fromHour + hoursPerPart * partsCount, clientId, JSON.stringify(events)];
        const rows = hoursPerPart === 1 ? listHours.all(...span) : listParts.all(...span, hoursPerPart);
        return groupParts(rows.map(toPart), partsCount).slice(0, limit);
      }),
    dropTroubles: ({ beforeHour, limit }) => commits.run(() => Number(drop.run(beforeHour, limit).changes)),
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
