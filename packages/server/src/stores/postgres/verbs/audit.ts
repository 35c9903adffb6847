import {
  chainEntry,
  ENTRY_COLUMNS,
  entryValues,
  NO_ENTRY,
  targetsOf,
  toEntry,
} from '../../../operators/audit-entry.ts';
import type { AuditHead } from '../../../operators/audit-entry.ts';
import type { AuditStore } from '../../../operators/audit-store.ts';
import type { Connections } from '../connection/pool.ts';
import type { Row } from '../connection/transaction.ts';

const FIRST_HEAD = `INSERT INTO audit_head (one, sequence, hash) VALUES (1, $1, $2) ON CONFLICT (one) DO NOTHING`;
const LOCK_HEAD = 'SELECT sequence, hash FROM audit_head WHERE one = 1 FOR UPDATE';
const INSERT = `INSERT INTO audit (${ENTRY_COLUMNS})
  VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)`;
const INSERT_TARGETS =
  'INSERT INTO audit_targets (target, sequence) SELECT target, $2 FROM unnest($1::text[]) AS target';
/** Entries with everything that they are about. */
const ABOUT = '(SELECT target AS about, sequence FROM audit_targets) AS t JOIN audit USING (sequence)';
const SET_HEAD = 'UPDATE audit_head SET sequence = $1, hash = $2 WHERE one = 1';

const toHead = (row: Row | undefined): AuditHead =>
  row === undefined ? NO_ENTRY : { sequence: Number(row['sequence']), hash: String(row['hash']) };

/** The audit log. The lock on its head lets one transaction at a time append, whichever node it is of. */
export const createAuditVerbs = ({ read, transact }: Connections): AuditStore => ({
  appendAudit: (entry) =>
    transact(async ({ query, write }) => {
      const found = await query(LOCK_HEAD);
      // Only for the first entry of all: a second node waits here for the first one's commit.
      if (found.length === 0) await query(FIRST_HEAD, [NO_ENTRY.sequence, NO_ENTRY.hash]);
      const [row] = found.length === 0 ? await query(LOCK_HEAD) : found;
      const chained = chainEntry(toHead(row), entry);
      write(INSERT, entryValues(chained));
      const targets = targetsOf(chained);
      if (targets.length > 0) write(INSERT_TARGETS, [targets, chained.sequence]);
      write(SET_HEAD, [chained.sequence, chained.hash]);
      return chained;
    }),
  async listAudit({ after, before, limit, target, operatorId }) {
    const order = after === undefined ? 'sequence < $1' : 'sequence > $1';
    const direction = after === undefined ? 'DESC' : 'ASC';
    const values: (number | string | undefined)[] = [after ?? before, limit];
    const equals = (column: string, value: string | undefined): string =>
      value === undefined ? '' : `AND ${column} = $${values.push(value)}`;
    const filter = `${equals('about', target)} ${equals('operator_id', operatorId)}`;
    const rows = await read(
      `SELECT ${ENTRY_COLUMNS} FROM ${target === undefined ? 'audit' : ABOUT} WHERE ${order} ${filter} ORDER BY sequence ${direction} LIMIT $2`,
      values,
    );
    return rows.map(toEntry);
  },
  readAuditHead: async () => toHead((await read('SELECT sequence, hash FROM audit_head WHERE one = 1'))[0]),
});
