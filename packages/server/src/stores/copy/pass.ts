import { COLUMNS, LISTED_TABLES, CHANGE_MARKERS } from './endpoint.ts';
import type { CopyEndpoint, CopyRow, CopySlice, CopyTable, ListedTable, PageChange } from './endpoint.ts';

/** The result of a pass. */
export type Passed = {
  /** The rows of the source, by table. */
  readonly rows: Readonly<Record<string, number>>;
  /** How many rows of the target were written or removed. */
  readonly changed: number;
  /** How many rows still differed after that; counted only if `isChecked`. */
  readonly different: number;
};

export type PassOptions = {
  readonly source: CopyEndpoint;
  readonly target: CopyEndpoint;
  /** Whether every written row is read again and compared. */
  readonly isChecked: boolean;
  /** Whether rows with equal `CHANGE_MARKERS` count as equal: where a checked pass has compared them as a whole before. */
  readonly markersOnly: boolean;
  /** Called with how many more rows of the source are done. */
  readonly onRows: (rows: number) => void;
};

type Tally = { rows: number; changed: number; different: number };

const PAGE_ROWS = 2000;

/**
 * Reads everything once and makes the target equal to the source: it compares pages of both in the order of keys, and
 * writes what differs. So the first copy, the passes that catch up, one after an interruption and the last one are all the
 * same, and the last one also is the comparison of all rows. The source does not record its changes, so serving costs
 * nothing; in return every pass reads both stores completely.
 */
export const pass = async (options: PassOptions): Promise<Passed> => {
  const rows: Record<string, number> = {};
  const total: Tally = { rows: 0, changed: 0, different: 0 };
  const add = (table: CopyTable | ListedTable, tally: Tally): void => {
    rows[table] = (rows[table] ?? 0) + tally.rows;
    total.changed += tally.changed;
    total.different += tally.different;
  };
  for (const table of LISTED_TABLES) add(table, await passListed(options, table));
  for (const table of Object.keys(COLUMNS) as CopyTable[]) {
    for (const slice of await slicesOf(options.source, table)) add(table, await passSlice(options, slice));
  }
  return { rows, changed: total.changed, different: total.different };
};

const slicesOf = async (source: CopyEndpoint, table: CopyTable): Promise<readonly CopySlice[]> =>
  table === 'deliveries'
    ? (await source.list('webhooks')).map(({ key: webhookId }) => ({ table, webhookId }))
    : [{ table }];

const passListed = async (
  { source, target, isChecked, onRows }: PassOptions,
  table: ListedTable,
): Promise<Tally> => {
  const rows = await source.list(table);
  const change = compare(rows, await target.list(table));
  const changed = change.rows.length + change.gone.length;
  if (changed > 0) await target.writeListed(table, change);
  onRows(rows.length);
  return {
    rows: rows.length,
    changed,
    different: isChecked && changed > 0 ? countDifferent(rows, await target.list(table)) : 0,
  };
};

const passSlice = async (options: PassOptions, slice: CopySlice): Promise<Tally> => {
  const { source, target, onRows } = options;
  const tally: Tally = { rows: 0, changed: 0, different: 0 };
  const markersOnly = options.markersOnly && CHANGE_MARKERS[slice.table] !== undefined;
  let writing: Promise<number> = Promise.resolve(0);
  let isTargetOver = false;
  for (let after: bigint | undefined; ;) {
    const page = { after, limit: PAGE_ROWS, markersOnly };
    const [sourcePage, targetPage]: readonly [readonly CopyRow[], readonly CopyRow[]] = await Promise.all([
      source.read(slice, page),
      isTargetOver ? [] : target.read(slice, page),
    ]);
    const upTo: bigint | undefined = leastLast([sourcePage, targetPage]);
    const rows = within(sourcePage, upTo);
    const kept = within(targetPage, upTo);
    isTargetOver ||= targetPage.length < PAGE_ROWS && kept.length === targetPage.length;
    const { rows: differing, gone } = compare(rows, kept);
    // The page before this one is written while this one is read.
    tally.different += await writing;
    if (differing.length + gone.length > 0) {
      const whole = markersOnly
        ? source.readRows(
            slice,
            differing.map(({ key }) => key),
          )
        : Promise.resolve(differing);
      writing = whole.then((written) => write(options, slice, { rows: written, gone }));
      // The next `await` of it throws.
      writing.catch(() => {});
    } else writing = Promise.resolve(0);
    tally.rows += rows.length;
    tally.changed += differing.length + gone.length;
    onRows(rows.length);
    if (upTo === undefined) break;
    after = upTo;
  }
  tally.different += await writing;
  return tally;
};

/** Writes what differs, and answers how many rows differ after that. */
const write = async (options: PassOptions, slice: CopySlice, change: PageChange): Promise<number> => {
  const { target, isChecked } = options;
  await target.write(slice, change);
  if (!isChecked) return 0;
  const keys = [...change.rows.map(({ key }) => key), ...change.gone];
  const check = async (): Promise<number> => countDifferent(change.rows, await target.readRows(slice, keys));
  const different = await check();
  if (different === 0 || !(await copyDependencies(options, slice, keys))) return different;
  await target.write(slice, change);
  return check();
};

/** Copies what a row depends on in some stores, where that was made after its own turn in this pass. */
const copyDependencies = async (
  options: PassOptions,
  { table }: CopySlice,
  keys: readonly bigint[],
): Promise<boolean> => {
  if (table !== 'grants' && table !== 'consents') return false;
  await passListed({ ...options, onRows: () => {} }, 'clients');
  if (table === 'grants') return true;
  const grants = { table: 'grants' } as const;
  await options.target.write(grants, { rows: await options.source.readRows(grants, keys), gone: [] });
  return true;
};

/** The last key that both pages cover; `undefined` where both were the last pages. */
const leastLast = (pages: readonly (readonly CopyRow[])[]): bigint | undefined => {
  let least: bigint | undefined;
  for (const page of pages) {
    const last = page.length === PAGE_ROWS ? page.at(-1)?.key : undefined;
    if (last !== undefined && (least === undefined || last < least)) least = last;
  }
  return least;
};

const within = (page: readonly CopyRow[], upTo: bigint | undefined): readonly CopyRow[] =>
  upTo === undefined || (page.at(-1)?.key ?? upTo) <= upTo ? page : page.filter(({ key }) => key <= upTo);

const compare = <Key>(rows: readonly CopyRow<Key>[], kept: readonly CopyRow<Key>[]) => {
  const byKey = new Map(kept.map((row) => [row.key, row]));
  const differing = rows.filter((row) => {
    const other = byKey.get(row.key);
    byKey.delete(row.key);
    return other === undefined || !isSame(row, other);
  });
  return { rows: differing, gone: [...byKey.keys()] };
};

const countDifferent = <Key>(rows: readonly CopyRow<Key>[], kept: readonly CopyRow<Key>[]): number => {
  const { rows: differing, gone } = compare(rows, kept);
  return differing.length + gone.length;
};

const isSame = <Key>(one: CopyRow<Key>, other: CopyRow<Key>): boolean =>
  one.values.every((value, index) => value === other.values[index]);
