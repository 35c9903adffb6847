import { chainEntry, ENTRY_COLUMNS, entryValues, NO_ENTRY, toEntry } from '../../operators/audit-entry.ts';
import type { AuditHead } from '../../operators/audit-entry.ts';
import type { AuditStore } from '../../operators/audit-store.ts';
import type { Connection } from './connection.ts';

/** Entries with everything that they are about. The order is that of the index of the targets. */
const ABOUT = `(SELECT target AS about, sequence FROM audit_targets) CROSS JOIN audit USING (sequence)`;

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
  /** Each filter has an index; with both, few entries of the target are passed by. What it is about may be one of several grants. */
  const prepareList = (order: 'sequence > ? ORDER BY sequence' | 'sequence < ? ORDER BY sequence DESC') => {
    const prepare = (filter: string, from = 'audit') =>
      database.prepare(`SELECT ${ENTRY_COLUMNS} FROM ${from} WHERE ${filter} ${order} LIMIT ?`);
    return {
      all: prepare(''),
      ofTarget: prepare('about = ? AND', ABOUT),
      ofOperator: prepare('operator_id = ? AND'),
      ofBoth: prepare('about = ? AND operator_id = ? AND', ABOUT),
    };
  };
  const [listAfter, listBefore] = [
    prepareList('sequence > ? ORDER BY sequence'),
    prepareList('sequence < ? ORDER BY sequence DESC'),
  ];
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
    listAudit: ({ after, before, limit, target, operatorId }) =>
      read(() => {
        const list = after === undefined ? listBefore : listAfter;
        const page = [after ?? before, limit];
        if (target === undefined)
          return (
            operatorId === undefined ? list.all.all(...page) : list.ofOperator.all(operatorId, ...page)
          ).map(toEntry);
        return (
          operatorId === undefined
            ? list.ofTarget.all(target, ...page)
            : list.ofBoth.all(target, operatorId, ...page)
        ).map(toEntry);
      }),
    readAuditHead: () => read(readHead),
  };
};
