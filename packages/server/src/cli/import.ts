import type { Command } from 'commander';
import type { OperationContext } from '../exports/index.ts';
import { OperatorError, StoreError } from '../exports/errors.ts';
import { readNow } from '../exports/grants.ts';
import { describeFault, HeaderError, openImportSource, runImport } from '../exports/maintenance.ts';
import type { ImportFault, ImportTotals, RefusedRow } from '../exports/maintenance.ts';
import { openRefusedRows } from './import-refused-rows.ts';
import { onDeployment, withCommonOptions } from './command/options.ts';
import type { CommonOptions } from './command/options.ts';
import { alignColumns } from './command/output.ts';
import type { Report } from './command/output.ts';
import { createProgressBar } from './command/progress.ts';
import type { Terminal } from './command/terminal.ts';

type ImportOptions = CommonOptions & {
  readonly dryRun?: boolean;
  readonly report?: string;
};

/** How many refused rows are printed; the file of --report has all. */
const SHOWN_MAX = 10;

export const addImport = (program: Command): void => {
  withCommonOptions(program.command('import <file>'))
    .summary('import grants whose refresh tokens another service issued')
    .description(
      'Imports grants whose refresh tokens another service issued; servers may keep running. A client presents such a token ' +
        'once and gets one of ours; from then on its policy applies as for any other token. The file is CSV with a header, or ' +
        'has one JSON object per line; it may be compressed with gzip, and - means standard input. Columns or members: client, ' +
        'subject, refresh_token or refresh_token_sha256 (hexadecimal or base64url), expires_at (seconds since 1970, or a date ' +
        'and time; without a zone it is UTC), and optionally scope, brand, created_at and vehicles (a JSON array). Importing a row again changes ' +
        'nothing, so run the same command again to continue an interrupted import.',
    )
    .option('--dry-run', 'check every row and change nothing')
    .option('--report <file>', 'write every refused row with its fault to this file, as JSON lines')
    .addHelpText(
      'after',
      `
Examples:
  $ keyfob import grants.csv --dry-run --report refused.jsonl
  $ zcat grants.ndjson.gz | keyfob import -

Exit codes: 0 every row is imported, 1 some rows were refused.`,
    )
    .action(async (file: string, options: ImportOptions) =>
      onDeployment(options, (context) => importFile(context, file, options)),
    );
};

const importFile = async (
  context: OperationContext,
  file: string,
  options: ImportOptions,
): Promise<Report> => {
  const { store, scopes, keyRing } = context;
  const isDryRun = options.dryRun === true;
  const source = openImportSource(file);
  if (source.openMode !== undefined) warnOfMode(options.terminal, file, source.openMode);
  const refusedRows = openRefusedRows(options.report, source);
  const bar = createProgressBar(options.terminal.errors, 'rows');
  const faults: Partial<Record<ImportFault, number>> = {};
  const first: RefusedRow[] = [];
  const startedAt = performance.now();
  let rowsDone = 0;
  try {
    const totals = await runImport({
      store,
      chunks: source.chunks,
      isDryRun,
      scopes,
      keyNumber: keyRing.seal.active.number,
      ...readNow(context),
      onBatch(refused, { rows }) {
        rowsDone = rows;
        refusedRows.write(refused);
        for (const one of refused) {
          faults[one.fault] = (faults[one.fault] ?? 0) + 1;
          if (first.length < SHOWN_MAX) first.push(one);
        }
        bar.showShare(source.share(), rows);
      },
    });
    const seconds = (performance.now() - startedAt) / 1000;
    return { ...describe(totals, { isDryRun, faults, first, seconds }), isFailure: totals.refused > 0 };
  } catch (error) {
    throw toOperatorError(error, file, rowsDone);
  } finally {
    bar.end();
    refusedRows.close();
  }
};

const warnOfMode = ({ errors }: Terminal, file: string, mode: string): void =>
  void errors.write(
    `keyfob: warning: ${file} can be read by others than its owner (mode ${mode}); if it holds refresh tokens, run chmod 600\n`,
  );

const toOperatorError = (error: unknown, file: string, rows: number): unknown => {
  if (error instanceof HeaderError) {
    const remedy = 'The first line names the columns; see "keyfob import --help". Nothing was imported.';
    return new OperatorError('import_header', `${file}: ${error.message}`, remedy);
  }
  if (!(error instanceof StoreError)) return error;
  const remedy =
    'Imported rows stay. Run the same command again: it skips them. "keyfob doctor" checks the store.';
  return new OperatorError('import_broken_off', `after ${rows} rows: ${error.message}`, remedy, {
    cause: error,
  });
};

const describe = (
  totals: ImportTotals,
  {
    isDryRun,
    faults,
    first,
    seconds,
  }: {
    readonly isDryRun: boolean;
    readonly faults: Partial<Record<ImportFault, number>>;
    readonly first: readonly RefusedRow[];
    readonly seconds: number;
  },
): Report => {
  const { rows, imported, alreadyThere, refused, shortened, withoutZone } = totals;
  const table = [
    ['rows', `${rows} in ${seconds.toFixed(1)} s`],
    [isDryRun ? 'would be imported' : 'imported', String(imported)],
    ['imported before', String(alreadyThere)],
    ['refused', String(refused)],
  ];
  const notes = first.map((one) => `\n  row ${one.row} (line ${one.line}): ${describeFault(one)}`);
  if (refused > first.length) notes.push(`\n  and ${refused - first.length} more; --report FILE writes all`);
  if (shortened > 0)
    notes.push(
      `\n${shortened} imported tokens expire earlier than before, because of the refreshTokenLifetimeSeconds of their clients`,
    );
  if (withoutZone > 0)
    notes.push(`\n${withoutZone} imported rows have times without a zone; they are read as UTC`);
  return {
    json: { ...totals, faults, dryRun: isDryRun, seconds: Number(seconds.toFixed(3)) },
    text: `${alignColumns(table)}${notes.join('')}`,
  };
};
