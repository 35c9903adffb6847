import { closeSync, fchmodSync, fstatSync, openSync, writeSync } from 'node:fs';
import { OperatorError } from '../exports/errors.ts';
import { describeFault, toPrintableJson } from '../exports/maintenance.ts';
import type { ImportSource, RefusedRow } from '../exports/maintenance.ts';

const MODE = 0o600;

/**
 * The file of `--report`, which gets every refused row as a JSON line and replaces an older one. Without a path nothing is
 * written. Throws `OperatorError` where it cannot be written or is the imported file itself.
 */
export const openRefusedRows = (path: string | undefined, source: ImportSource) => {
  if (path === undefined) return { write: () => {}, close: () => {} };
  const onFile = <Result>(work: () => Result): Result => {
    try {
      return work();
    } catch (error) {
      const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown';
      const remedy = 'Pass a file that can be written to --report.';
      throw new OperatorError('report_unwritable', `${path}: cannot be written (${code})`, remedy, {
        cause: error,
      });
    }
  };
  if (onFile(() => source.isAt(path))) {
    const remedy = 'Pass another file to --report. Nothing was changed.';
    throw new OperatorError('report_unwritable', `${path}: is the imported file itself`, remedy);
  }
  const handle = onFile(() => {
    const opened = openSync(path, 'w', MODE);
    // An existing file would keep its mode. A device such as /dev/stderr keeps it.
    if (fstatSync(opened).isFile()) fchmodSync(opened, MODE);
    return opened;
  });
  return {
    write(refused: readonly RefusedRow[]): void {
      const lines = refused.map((one) => `${toPrintableJson({ ...one, message: describeFault(one) })}\n`);
      if (lines.length > 0) onFile(() => writeSync(handle, lines.join('')));
    },
    close: () => closeSync(handle),
  };
};
