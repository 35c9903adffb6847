import { statSync } from 'node:fs';
import { join } from 'node:path';
import type { Keeper, PutRow } from '@keyfob/keeper';
import { FILE, rowOf } from './fleet.ts';
import type { Plan, Reporter } from './plan.ts';

const AT_ONCE = 1000;

const perSecond = (rows: number, ms: number): number => rows / (ms / 1000);

/** Puts the fleet, a thousand rows at a time. */
export const measureImport = async (keeper: Keeper, plan: Plan, reporter: Reporter): Promise<void> => {
  const nowMs = Date.now();
  const startedMs = performance.now();
  let lastTenthMs = startedMs;
  let refused = 0;
  for (let from = 0; from < plan.grants; from += AT_ONCE) {
    if (from <= plan.grants * 0.9) lastTenthMs = performance.now();
    const rows: PutRow[] = [];
    for (let car = from; car < Math.min(plan.grants, from + AT_ONCE); car++)
      rows.push(rowOf(plan, car, nowMs));
    const results = await keeper.putMany(rows);
    refused += results.filter(({ status }) => status !== 'new').length;
    reporter.progress('import', from + rows.length, plan.grants);
    // As an import from a file does: what else this process has to do comes in between.
    await new Promise((resolve) => void setImmediate(resolve));
  }
  const endedMs = performance.now();
  // What was written last is still in the log beside the file.
  const bytes = [FILE, `${FILE}-wal`]
    .map((file) => statSync(join(plan.directory, file)).size)
    .reduce((one, other) => one + other);
  reporter.report({ name: 'import: rows refused', value: refused, unit: '', atMost: 0 });
  reporter.report({ name: 'import', value: perSecond(plan.grants, endedMs - startedMs), unit: 'rows/s' });
  reporter.report({
    name: 'import, the last tenth',
    value: perSecond(plan.grants * 0.1, endedMs - lastTenthMs),
    unit: 'rows/s',
  });
  reporter.report({ name: 'disk per grant', value: bytes / plan.grants, unit: 'bytes' });
};
