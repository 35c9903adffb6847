import type { Clock, Millis } from '../../clock.ts';
import { OperatorError } from '../../errors.ts';
import type { RegisteredKey } from '../../tokens/key-state.ts';
import { toKey } from '../key-rows.ts';
import { COLUMNS, LISTED_TABLES } from './endpoint.ts';
import type { CopyEndpoint, CopyTable } from './endpoint.ts';
import { refuseMoved } from './moved.ts';
import { pass } from './pass.ts';
import type { Passed } from './pass.ts';

/** What a copy is doing: passes while the source serves, and the last one after it has stopped. */
export type CopyPhase = 'copying' | 'catching up' | 'last pass';

export type CopyProgress = (phase: CopyPhase, done: number, total: number) => void;

/** The result of a copy. */
export type Copied = {
  /** `prepared`: the source continues to serve. `moved_before`: there was nothing left to do. */
  readonly outcome: 'moved' | 'prepared' | 'moved_before';
  /** The rows of the source, by table, as the last pass found them. */
  readonly rows: Readonly<Record<string, number>>;
  readonly passes: number;
  /** Of the first pass, which copies everything that the target lacks. */
  readonly firstPassMs: Millis;
  /** How many rows the last pass wrote: what the source changed since the pass before. */
  readonly changedInLastPass: number;
  /** From the moment the source stopped to the moment the target was complete and checked. 0 where nothing was switched. */
  readonly switchMs: Millis;
};

/** With so few changes between two passes, one more would hardly shorten the last. */
const CHANGED_ENOUGH_ROWS = 500;
/** One that copies, and one that compares. */
const PASSES_MIN = 2;
const PASSES_MAX = 5;

/**
 * Copies a store that serves into an empty one, and then moves it: the source stops serving, and a last pass copies what
 * changed. By then every row of both has been compared: as a whole in a pass before, in the last one at least by its
 * `CHANGE_MARKERS`. After an interruption anywhere, the same copy continues. Throws `OperatorError` where the target is not
 * empty, and `StoreError` where either store fails.
 */
export const copyStore = async (options: {
  readonly source: CopyEndpoint;
  readonly target: CopyEndpoint;
  /** Whether the source stops at the end. */
  readonly isSwitching: boolean;
  /** Refuses keys that the ring in hand does not hold. */
  readonly checkKeys: (registered: readonly RegisteredKey[]) => Promise<void>;
  readonly onProgress: CopyProgress;
  /** Monotonic milliseconds. */
  readonly now: Clock;
}): Promise<Copied> => {
  const { source, target, isSwitching, checkKeys, onProgress, now } = options;
  const { movedTo, copiedFrom } = await source.readMoveState();
  const hasMovedHere = movedTo === target.name;
  refuseMoved(source.name, { movedTo: hasMovedHere ? undefined : movedTo, copiedFrom });
  if ((await prepareTarget(source, target, hasMovedHere)) === 'complete')
    return {
      outcome: 'moved_before',
      rows: {},
      passes: 0,
      firstPassMs: 0,
      changedInLastPass: 0,
      switchMs: 0,
    };
  await checkKeys(await readKeys(source));

  let total = await countRows(source);
  let passes = 0;
  let firstPassMs = 0;
  const beganAt = now();
  const run = async (phase: CopyPhase): Promise<Passed> => {
    let done = 0;
    const onRows = (rows: number): void => onProgress(phase, (done += rows), (total = Math.max(total, done)));
    const isChecked = phase !== 'copying';
    // Markers are enough once passes of this run have compared every row as a whole.
    const markersOnly = phase === 'last pass' && passes >= PASSES_MIN;
    const passed = await pass({ source, target, isChecked, markersOnly, onRows });
    if (++passes === 1) firstPassMs = Math.round(now() - beganAt);
    if (phase === 'last pass') refuseDifferent(target, passed);
    return passed;
  };

  if (!hasMovedHere) {
    await run('copying');
    let passed = await run('catching up');
    while (isWorthAnother(passes, passed)) passed = await run('catching up');
    refuseDifferent(target, passed);
    if (!isSwitching) {
      const { rows, changed: changedInLastPass } = passed;
      return { outcome: 'prepared', rows, passes, firstPassMs, changedInLastPass, switchMs: 0 };
    }
  }
  const stoppedAt = now();
  if (!hasMovedHere) await source.moveTo(target.name);
  await checkKeys(await readKeys(source));
  const { rows, changed: changedInLastPass } = await run('last pass');
  await checkCounts(target, rows);
  await target.finish();
  return {
    outcome: 'moved',
    rows,
    passes,
    firstPassMs,
    changedInLastPass,
    switchMs: Math.round(now() - stoppedAt),
  };
};

/** A row may differ because its client was removed while it was copied: the next pass finds both gone. */
const isWorthAnother = (passes: number, { changed, different }: Passed): boolean =>
  passes < PASSES_MAX && (changed > CHANGED_ENOUGH_ROWS || different > 0);

const refuseDifferent = (target: CopyEndpoint, { different }: Passed): void => {
  if (different > 0) throw differs(target, `${different} rows differ`);
};

/** Lets a store that has moved serve again, as it was then. Throws `OperatorError` if it has not moved. */
export const resumeSource = async (source: CopyEndpoint): Promise<{ readonly movedTo: string }> => {
  const { movedTo } = await source.readMoveState();
  if (movedTo === undefined) {
    throw new OperatorError(
      'store_not_moved',
      `${source.name}: the store has not moved`,
      'There is nothing to undo.',
    );
  }
  await source.moveBack();
  return { movedTo };
};

const prepareTarget = async (
  source: CopyEndpoint,
  target: CopyEndpoint,
  hasMovedHere: boolean,
): Promise<'begun' | 'complete'> => {
  const { movedTo, copiedFrom } = await target.readMoveState();
  refuseMoved(target.name, { movedTo, copiedFrom: copiedFrom === source.name ? undefined : copiedFrom });
  if (copiedFrom !== undefined) return 'begun';
  if (hasMovedHere) return 'complete';
  if (!(await target.isEmpty())) {
    throw new OperatorError(
      'copy_target_not_empty',
      `${target.name}: there is already a store here, and it is not empty`,
      'Name an empty database, or a new directory. Nothing was changed.',
    );
  }
  await target.beginFrom(source.name);
  return 'begun';
};

const readKeys = async (source: CopyEndpoint): Promise<readonly RegisteredKey[]> =>
  (await source.read({ table: 'keys' }, { after: undefined, limit: KEYS_MAX })).map(({ key, values }) =>
    toKey({
      number: key,
      ...Object.fromEntries(Object.keys(COLUMNS.keys).map((column, index) => [column, values[index]])),
    }),
  );

const KEYS_MAX = 10_000;

const countRows = async (source: CopyEndpoint): Promise<number> => {
  let total = 0;
  for (const table of LISTED_TABLES) total += (await source.list(table)).length;
  for (const table of Object.keys(COLUMNS) as CopyTable[]) total += await source.count(table);
  return total;
};

const checkCounts = async (target: CopyEndpoint, rows: Passed['rows']): Promise<void> => {
  const counts: [string, number][] = [];
  for (const table of LISTED_TABLES) counts.push([table, (await target.list(table)).length]);
  for (const table of Object.keys(COLUMNS) as CopyTable[]) counts.push([table, await target.count(table)]);
  const wrong = counts.filter(([table, count]) => count !== (rows[table] ?? 0));
  if (wrong.length === 0) return;
  const what = wrong.map(([table, count]) => `${table}: ${count} instead of ${rows[table] ?? 0}`);
  throw differs(target, what.join('; '));
};

const differs = (target: CopyEndpoint, what: string): OperatorError =>
  new OperatorError(
    'copy_differs',
    `${target.name}: differs from the source (${what})`,
    'Make sure that nobody else writes there, and run the same "keyfob copy" again. To serve from the source meanwhile, if it has moved: "keyfob copy --resume-source".',
  );
