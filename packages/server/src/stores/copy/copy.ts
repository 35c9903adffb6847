import { OperatorError } from '../../errors.ts';
import type { RegisteredKey } from '../../grants/store.ts';
import { COLUMNS } from './end.ts';
import type { CopyEnd, CopyTable } from './end.ts';
import { refuseMoved } from './moved.ts';
import { pass } from './pass.ts';

/** What a copy is doing: going through while the source serves, or for the last time after it has stopped. */
export type CopyPhase = 'copying' | 'catching up' | 'last pass';

export type CopyProgress = (phase: CopyPhase, done: number, total: number) => void;

/** What came of a copy. */
export type Copied = {
  /** `prepared`: the source goes on serving. `moved_before`: there was nothing left to do. */
  readonly outcome: 'moved' | 'prepared' | 'moved_before';
  /** Of the source, by table, as the last pass found them. */
  readonly rows: Readonly<Record<string, number>>;
  readonly passes: number;
  /** Rows that the last pass still had to write: what the source changed since the pass before. */
  readonly changedInLastPass: number;
  /** From when the source served nothing to when the target was whole and checked. 0 where nothing was switched. */
  readonly switchMs: number;
};

/** So little is changed between two passes that one more would hardly shorten the last. */
const CHANGED_ENOUGH_ROWS = 500;
const PASSES_MAX = 5;

/**
 * Copies a store that is being served from into an empty one, and at the end has it moved: from then on the source serves
 * nothing, a last pass carries over what changed, and every row of both has been compared. Interrupted anywhere, the same copy goes
 * on. Throws `OperatorError` where the target is not empty, and `StoreError` where either store fails.
 */
export const copyStore = async (options: {
  readonly source: CopyEnd;
  readonly target: CopyEnd;
  /** Whether the source is stopped at the end. */
  readonly isSwitching: boolean;
  /** Refuses keys that the ring in hand does not hold. */
  readonly checkKeys: (registered: readonly RegisteredKey[]) => void;
  readonly onProgress: CopyProgress;
  /** Monotonic milliseconds. */
  readonly now: () => number;
}): Promise<Copied> => {
  const { source, target, isSwitching, checkKeys, onProgress, now } = options;
  const { movedTo, copiedFrom } = await source.readStanding();
  const hasMovedHere = movedTo === target.name;
  refuseMoved(source.name, { movedTo: hasMovedHere ? undefined : movedTo, copiedFrom });
  if ((await prepareTarget(source, target, hasMovedHere)) === 'whole')
    return { outcome: 'moved_before', rows: {}, passes: 0, changedInLastPass: 0, switchMs: 0 };
  checkKeys(await readKeys(source));

  const run = async (phase: CopyPhase) => {
    const total = await countRows(source);
    let done = 0;
    const onRows = (rows: number): void => onProgress(phase, (done += rows), Math.max(total, done));
    return pass({ source, target, isChecked: phase === 'last pass', onRows });
  };

  let passes = 0;
  let last = { rows: {}, changed: 0, different: 0 } as Awaited<ReturnType<typeof run>>;
  if (!hasMovedHere) {
    do {
      last = await run(passes === 0 ? 'copying' : 'catching up');
      passes++;
    } while (last.changed > CHANGED_ENOUGH_ROWS && passes < PASSES_MAX);
  }
  if (!isSwitching && !hasMovedHere)
    return {
      outcome: 'prepared',
      rows: last.rows,
      passes,
      changedInLastPass: last.changed,
      switchMs: 0,
    };
  const stoppedAt = now();
  if (!hasMovedHere) await source.moveTo(target.name);
  checkKeys(await readKeys(source));
  last = await run('last pass');
  await checkWhole(target, last);
  await target.finish();
  return {
    outcome: 'moved',
    rows: last.rows,
    passes: passes + 1,
    changedInLastPass: last.changed,
    switchMs: Math.round(now() - stoppedAt),
  };
};

/** Lets a store that has moved serve again, as it was then. Throws `OperatorError` where it has not moved. */
export const resumeSource = async (source: CopyEnd): Promise<{ readonly movedTo: string }> => {
  const { movedTo } = await source.readStanding();
  if (movedTo === undefined) {
    throw new OperatorError(
      'store_not_moved',
      `${source.name}: the store has not moved`,
      'There is nothing to undo: it serves.',
    );
  }
  await source.moveBack();
  return { movedTo };
};

const prepareTarget = async (
  source: CopyEnd,
  target: CopyEnd,
  hasMovedHere: boolean,
): Promise<'begun' | 'whole'> => {
  const { movedTo, copiedFrom } = await target.readStanding();
  refuseMoved(target.name, { movedTo, copiedFrom: copiedFrom === source.name ? undefined : copiedFrom });
  if (copiedFrom !== undefined) return 'begun';
  if (hasMovedHere) return 'whole';
  if (!(await target.isEmpty())) {
    throw new OperatorError(
      'copy_target_not_empty',
      `${target.name}: there is a store here already, with something in it`,
      'Name an empty database, or a new directory. Nothing was changed.',
    );
  }
  await target.beginFrom(source.name);
  return 'begun';
};

const readKeys = async (source: CopyEnd): Promise<readonly RegisteredKey[]> =>
  (await source.read({ table: 'keys' }, { after: undefined, limit: KEYS_MAX })).map(({ key, values }) => ({
    number: Number(key),
    createdAt: Number(values[0]),
    fingerprint: String(values[1]),
  }));

const KEYS_MAX = 10_000;

const countRows = async (source: CopyEnd): Promise<number> => {
  let total = 0;
  for (const table of Object.keys(COLUMNS) as CopyTable[]) total += await source.count(table);
  return total;
};

const checkWhole = async (
  target: CopyEnd,
  { rows, different }: { readonly rows: Readonly<Record<string, number>>; readonly different: number },
): Promise<void> => {
  const miscounted: string[] = [];
  for (const table of Object.keys(COLUMNS) as CopyTable[]) {
    const count = await target.count(table);
    if (count !== (rows[table] ?? 0)) miscounted.push(`${table}: ${count} instead of ${rows[table] ?? 0}`);
  }
  for (const table of ['clients', 'webhooks'] as const) {
    const count = (await target.list(table)).length;
    if (count !== (rows[table] ?? 0)) miscounted.push(`${table}: ${count} instead of ${rows[table] ?? 0}`);
  }
  if (different === 0 && miscounted.length === 0) return;
  const what = [...(different > 0 ? [`${different} rows differ`] : []), ...miscounted].join('; ');
  throw new OperatorError(
    'copy_differs',
    `${target.name}: is not what the source is (${what})`,
    'See that nobody else writes there, and run the same "keyfob copy" again. To serve from the source meanwhile: "keyfob copy --resume-source".',
  );
};
