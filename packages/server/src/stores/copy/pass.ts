import { COLUMNS, LISTED_TABLES, CHANGE_MARKERS } from './endpoint.ts';
import type { CopyEndpoint, CopyRow, CopyTable, ListedTable, PageChange, Part } from './endpoint.ts';

/** What a pass found and did. */
export type Passed = {
  /** Of the source, by table. */
  readonly rows: Readonly<Record<string, number>>;
  /** Rows of the target that were written or removed. */
  readonly changed: number;
  /** Rows that were still not the source's after that; known where `isChecked`. */
  readonly different: number;
};

export type PassOptions = {
  readonly source: CopyEndpoint;
  readonly target: CopyEndpoint;
  /** Whether every row that is written is read again and compared. */
  readonly isChecked: boolean;
  /** Whether a row counts as the same whose telltales are: where a checked pass has compared all of it before. */
  readonly markersOnly: boolean;
  /** Told how many rows of the source more have been gone through. */
  readonly onRows: (rows: number) => void;
};

type Tally = { rows: number; changed: number; different: number };

const PAGE_ROWS = 2000;

/**
 * Goes once through everything and makes the target what the source is: pages of both are laid side by side in the order of keys,
 * and what differs is written. So the first copy, the passes that catch up, one that was interrupted, and the last are
 * all the same, and the last is at once the comparison of all rows. Nothing in the source has to note what it
 * changes, so serving pays nothing for it; the price is that every pass goes through all of both.
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
    for (const part of await partsOf(options.source, table)) add(table, await passPart(options, part));
  }
  return { rows, changed: total.changed, different: total.different };
};

const partsOf = async (source: CopyEndpoint, table: CopyTable): Promise<readonly Part[]> =>
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

const passPart = async (options: PassOptions, part: Part): Promise<Tally> => {
  const { source, target, onRows } = options;
  const tally: Tally = { rows: 0, changed: 0, different: 0 };
  const markersOnly = options.markersOnly && CHANGE_MARKERS[part.table] !== undefined;
  let writing: Promise<number> = Promise.resolve(0);
  let isTargetOver = false;
  for (let after: bigint | undefined; ;) {
    const page = { after, limit: PAGE_ROWS, markersOnly };
    const [sourcePage, targetPage]: readonly [readonly CopyRow[], readonly CopyRow[]] = await Promise.all([
      source.read(part, page),
      isTargetOver ? [] : target.read(part, page),
    ]);
    const upTo: bigint | undefined = leastLast([sourcePage, targetPage]);
    const rows = within(sourcePage, upTo);
    const kept = within(targetPage, upTo);
    isTargetOver ||= targetPage.length < PAGE_ROWS && kept.length === targetPage.length;
    const { rows: differing, gone } = compare(rows, kept);
    // The page before is written while this one is read.
    tally.different += await writing;
    if (differing.length + gone.length > 0) {
      const whole = markersOnly
        ? source.readOf(
            part,
            differing.map(({ key }) => key),
          )
        : Promise.resolve(differing);
      writing = whole.then((written) => write(options, part, { rows: written, gone }));
      // Told by whoever waits for it next.
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

/** Writes what differs, and answers in how many rows it differs after that. */
const write = async (options: PassOptions, part: Part, change: PageChange): Promise<number> => {
  const { target, isChecked } = options;
  await target.write(part, change);
  if (!isChecked) return 0;
  const keys = [...change.rows.map(({ key }) => key), ...change.gone];
  const check = async (): Promise<number> => countDifferent(change.rows, await target.readOf(part, keys));
  const different = await check();
  if (different === 0 || !(await bringNeeded(options, part, keys))) return different;
  await target.write(part, change);
  return check();
};

/** What some stores need for a row to be kept, and what was made after its own turn in this pass. */
const bringNeeded = async (
  options: PassOptions,
  { table }: Part,
  keys: readonly bigint[],
): Promise<boolean> => {
  if (table !== 'grants' && table !== 'consents') return false;
  await passListed({ ...options, onRows: () => {} }, 'clients');
  if (table === 'grants') return true;
  const grants = { table: 'grants' } as const;
  await options.target.write(grants, { rows: await options.source.readOf(grants, keys), gone: [] });
  return true;
};

/** The end of what both pages tell of; `undefined` where both were the last. */
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
