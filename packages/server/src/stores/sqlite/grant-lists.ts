import type { DatabaseSync } from 'node:sqlite';
import type { GrantFilter, Page } from '../../grants/grant-store.ts';
import { condition, conditionsOf, createConditionalReads } from './conditions.ts';
import { GRANT_COLUMNS, GRANT_ID_TEXT, ID_MAX, ID_MIN, prepareValues } from './rows.ts';
import type { Values } from './rows.ts';

/** Pages of grants in the order of ids: `GRANT_COLUMNS` and the id. Each begins at the narrowest index. */
export const createGrantLists = (
  database: DatabaseSync,
): ((page: Page & GrantFilter) => readonly Values[]) => {
  const read = createConditionalReads((where) =>
    prepareValues(
      database,
      `SELECT ${GRANT_COLUMNS}, ${GRANT_ID_TEXT('id')} FROM grants WHERE ${where} ORDER BY id LIMIT ?`,
    ),
  );
  return ({ after, limit, clientId, subject, vin, isRevoked, createdSinceMs }) => {
    if (after === ID_MAX) return [];
    const from = after === undefined ? ID_MIN : after + 1n;
    // An owner and a vehicle have few grants. The plus keeps SQLite from beginning at the many of a client instead.
    const plus = subject === undefined && vin === undefined ? '' : '+';
    const conditions = [
      condition('id >= ?', from),
      ...conditionsOf([
        ['id IN (SELECT grant_id FROM consents WHERE subject = ?)', subject],
        ['id IN (SELECT grant_id FROM vehicles WHERE vin = ?)', vin],
        [`${plus}client_number = (SELECT number FROM clients WHERE id = ?)`, clientId],
        ['created_at_ms >= ?', createdSinceMs],
      ]),
      ...(isRevoked === undefined ? [] : [condition(`revoked_at_ms IS ${isRevoked ? 'NOT ' : ''}NULL`)]),
    ];
    return read(conditions, limit);
  };
};
