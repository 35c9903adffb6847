import { KeeperError } from '../../errors.ts';
import type { Keeper } from '../../keeper.ts';
import type { PutRow } from '../../putting/put-many.ts';
import type { PutStatus } from '../../stores/store.ts';
import { recogniseColumns, rowOf } from './columns.ts';
import type { Mapping, Recognised } from './columns.ts';
import { readRecords } from './records.ts';
import type { ImportRecord } from './records.ts';

/** A row that was not kept. Nothing of it is quoted. */
export type RefusedRow = { readonly line: number; readonly code: string; readonly reason: string };

/** How rows ended. */
export type ImportTotals = Record<PutStatus | 'refused' | 'rows', number>;

/** What an import reports while it runs. */
export type ImportProgress = { readonly rows: number; readonly refused: readonly RefusedRow[] };

type Outcome = { readonly line: number; readonly row: PutRow } | RefusedRow;

/** So many rows are kept at a time. */
const AT_ONCE = 1000;
/** A file with more kinds of rows is recognised row by row. */
const KINDS_MAX = 1000;

/**
 * Keeps the tokens of a file. Each row stands for itself. To run it again is harmless: what is kept already changes nothing,
 * so an import that was interrupted is started again from the beginning.
 */
export const runImport = async (
  keeper: Pick<Keeper, 'putMany'>,
  chunks: AsyncIterable<Uint8Array>,
  mapping: Mapping,
  onBatch: (progress: ImportProgress) => void,
): Promise<{ readonly totals: ImportTotals; readonly recognised: Recognised | undefined }> => {
  const totals: ImportTotals = {
    rows: 0,
    new: 0,
    replaced: 0,
    linked: 0,
    known: 0,
    outdated: 0,
    dead: 0,
    refused: 0,
  };
  const recognise = createRecogniser(mapping);
  const keep = async (records: readonly ImportRecord[]): Promise<void> => {
    const outcomes = records.map((record) => prepare(record, recognise, mapping));
    const refused = await keepRows(keeper, outcomes, totals);
    totals.rows += records.length;
    totals.refused += refused.length;
    onBatch({ rows: totals.rows, refused });
  };
  let waiting: ImportRecord[] = [];
  for await (const records of readRecords(chunks)) {
    waiting.push(...records);
    while (waiting.length >= AT_ONCE) {
      await keep(waiting.slice(0, AT_ONCE));
      waiting = waiting.slice(AT_ONCE);
    }
  }
  if (waiting.length > 0) await keep(waiting);
  return { totals, recognised: recognise.first() };
};

type Recogniser = { (columns: readonly string[]): Recognised; first(): Recognised | undefined };

/** Lines of JSON may differ in their members; most have the same ones. */
const createRecogniser = (mapping: Mapping): Recogniser => {
  const known = new Map<string, Recognised>();
  const recognise = (columns: readonly string[]): Recognised => {
    const key = columns.join('\n');
    const found = known.get(key) ?? recogniseColumns(columns, mapping);
    if (known.size < KINDS_MAX) known.set(key, found);
    return found;
  };
  return Object.assign(recognise, { first: () => known.values().next().value });
};

const prepare = (record: ImportRecord, recognise: Recogniser, mapping: Mapping): Outcome => {
  const { line } = record;
  if (!('values' in record)) return { line, code: 'row_malformed', reason: record.fault };
  // A file whose first row names no connections is refused whole.
  if (recognise.first() === undefined) recognise(Object.keys(record.values));
  try {
    return { line, row: rowOf(record.values, recognise(Object.keys(record.values)), mapping) };
  } catch (error) {
    return refusalOf(line, error);
  }
};

const refusalOf = (line: number, error: unknown): RefusedRow => {
  if (!(error instanceof KeeperError)) throw error;
  return { line, code: error.code, reason: error.message.slice(0, -error.remedy.length - 2) };
};

const keepRows = async (
  keeper: Pick<Keeper, 'putMany'>,
  outcomes: readonly Outcome[],
  totals: ImportTotals,
): Promise<readonly RefusedRow[]> => {
  const ready = outcomes.filter((one) => 'row' in one);
  const refused = outcomes.filter((one): one is RefusedRow => !('row' in one));
  const results = await keeper.putMany(ready.map(({ row }) => row));
  for (const [at, result] of results.entries()) {
    if (result.status === 'refused') {
      const { code, reason, remedy } = result;
      refused.push({ line: ready[at]?.line ?? 0, code, reason: reason.slice(0, -remedy.length - 2) });
    } else totals[result.status] += 1;
  }
  return refused.sort((one, other) => one.line - other.line);
};
