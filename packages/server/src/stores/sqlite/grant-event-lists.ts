import type { DatabaseSync } from 'node:sqlite';
import type { GrantEventFilter, GrantEventPage } from '../../outbox/grant-event-store.ts';
import { condition, conditionsOf, createConditionalReads } from './conditions.ts';
import type { Row } from './rows.ts';

/** A plus keeps SQLite from an index where a narrower condition is given. */
const plusIfAny = (...narrower: readonly unknown[]): string =>
  narrower.some((one) => one !== undefined) ? '+' : '';

/** Pages of grant events with these columns, in the order of their sequence numbers. Each begins at the narrowest index. */
export const createGrantEventLists = (
  database: DatabaseSync,
  columns: string,
): ((page: GrantEventPage & GrantEventFilter) => readonly Row[]) => {
  const createReads = (order: '' | 'DESC') =>
    createConditionalReads((where) =>
      database.prepare(
        `SELECT ${columns} FROM grant_events WHERE ${where} ORDER BY sequence ${order} LIMIT ?`,
      ),
    );
  const [readOldest, readNewest] = [createReads(''), createReads('DESC')];
  return ({ after, limit, first, grantId, clientId, subject, requestId, kind, vin, sinceMs }) => {
    const isNewest = first === 'newest';
    // The narrowest of these decides where to begin.
    const conditions = [
      condition(
        `${plusIfAny(vin)}sequence ${isNewest ? '<' : '>'} ?`,
        after ?? (isNewest ? Number.MAX_SAFE_INTEGER : 0),
      ),
      ...conditionsOf([
        ['sequence IN (SELECT sequence FROM grant_event_vins WHERE vin = ?)', vin],
        [`${plusIfAny(vin)}request_id = ?`, requestId],
        [`${plusIfAny(vin, requestId)}grant_id = ?`, grantId],
        [`${plusIfAny(vin, requestId, grantId)}subject = ?`, subject],
        [`${plusIfAny(vin, requestId, grantId, subject)}client_id = ?`, clientId],
        [`${plusIfAny(vin, requestId, grantId, subject, clientId)}kind = ?`, kind],
        ['at_ms >= ?', sinceMs],
      ]),
    ];
    return (isNewest ? readNewest : readOldest)(conditions, limit);
  };
};
