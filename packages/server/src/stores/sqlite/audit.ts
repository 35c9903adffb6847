import { chainEntry, ENTRY_COLUMNS, entryValues, NO_ENTRY, toEntry } from '../../operators/audit-entry.ts';
import type { AuditHead } from '../../operators/audit-entry.ts';
import type { AuditStore } from '../../operators/audit-store.ts';
import type { Connection } from './connection.ts';

/** The audit log. Each entry is chained inside its transaction, so no other process comes in between. */
export const createAuditVerbs = ({ database, commits, read }: Connection): AuditStore => {
  const selectHead = database.prepare('SELECT sequence, hash FROM audit_head WHERE one = 1');
  const setHead = database.prepare(
    `INSERT INTO audit_head (one, sequence, hash) VALUES (1, ?, ?)
      ON CONFLICT (one) DO UPDATE SET sequence = excluded.sequence, hash = excluded.hash`,
  );
  const insert = database.prepare(
    `INSERT INTO audit (${ENTRY_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
  );
  const listAfter = database.prepare(
    `SELECT ${ENTRY_COLUMNS} FROM audit WHERE sequence > ? ORDER BY sequence LIMIT ?`,
  );
  const listBefore = database.prepare(
    `SELECT ${ENTRY_COLUMNS} FROM audit WHERE sequence < ? ORDER BY sequence DESC LIMIT ?`,
  );
  const listOfTargetAfter = database.prepare(
    `SELECT ${ENTRY_COLUMNS} FROM audit WHERE target = ? AND sequence > ? ORDER BY sequence LIMIT ?`,
  );
  const listOfTargetBefore = database.prepare(
    `SELECT ${ENTRY_COLUMNS} FROM audit WHERE target = ? AND sequence < ? ORDER BY sequence DESC LIMIT ?`,
  );
  const readHead = (): AuditHead => {
    const row = selectHead.get();
    return row === undefined ? NO_ENTRY : { sequence: Number(row['sequence']), hash: String(row['hash']) };
  };
  return {
    appendAudit: (entry) =>
      commits.run(() => {
        const chained = chainEntry(readHead(), entry);
        insert.run(...entryValues(chained));
        setHead.run(chained.sequence, chained.hash);
        return chained;
      }),
    listAudit: ({ after, before, limit, target }) =>
      read(() => {
        const from = after ?? before;
        const rows =
          target === undefined
            ? (after === undefined ? listBefore : listAfter).all(from, limit)
            : (after === undefined ? listOfTargetBefore : listOfTargetAfter).all(target, from, limit);
        return rows.map(toEntry);
      }),
    readAuditHead: () => read(readHead),
  };
};
