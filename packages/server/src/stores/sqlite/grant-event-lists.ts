import type { DatabaseSync } from 'node:sqlite';
import type { GrantEventFilter, GrantEventPage } from '../../outbox/grant-event-store.ts';
import { condition, conditionsOf, createConditionalReads } from './conditions.ts';
import type { Row } from './rows.ts';

const plus = (isNarrower: boolean | undefined): string => (isNarrower === true ? '+' : '');

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
  return ({ after, limit, first, grantId, clientId, subject, requestId, kind, sinceMs }) => {
    const isNewest = first === 'newest';
    // The narrowest of these decides where to begin; a plus keeps SQLite from another one.
    const [ofRequest, ofGrant, ofSubject] = [requestId, grantId, subject].map((one) => one !== undefined);
    const conditions = [
      condition(`sequence ${isNewest ? '<' : '>'} ?`, after ?? (isNewest ? Number.MAX_SAFE_INTEGER : 0)),
      ...conditionsOf([
        ['request_id = ?', requestId],
        [`${plus(ofRequest)}grant_id = ?`, grantId],
        [`${plus(ofRequest === true || ofGrant)}subject = ?`, subject],
        [`${plus(ofRequest === true || ofGrant === true || ofSubject)}client_id = ?`, clientId],
        [`${plus([requestId, grantId, subject, clientId].some((one) => one !== undefined))}kind = ?`, kind],
        ['at_ms >= ?', sinceMs],
      ]),
    ];
    return (isNewest ? readNewest : readOldest)(conditions, limit);
  };
};
