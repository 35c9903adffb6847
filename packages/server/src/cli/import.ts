import { closeSync, fchmodSync, fstatSync, openSync, writeSync } from 'node:fs';
import type { Command } from 'commander';
import type { Deployment } from '../deployment/open.ts';
import { OperatorError, StoreError } from '../errors.ts';
import { FAULTS } from '../imports/fault.ts';
import type { Fault } from '../imports/fault.ts';
import { HeaderError } from '../imports/records.ts';
import { runImport } from '../imports/run.ts';
import type { ImportTotals, RefusedRow } from '../imports/run.ts';
import { openSource } from '../imports/source.ts';
import type { Source } from '../imports/source.ts';
import { onDeployment, withCommonOptions } from './options.ts';
import type { CommonOptions } from './options.ts';
import { alignFacts } from './output.ts';
import type { Report } from './output.ts';
import { createProgressBar } from './progress.ts';

type ImportOptions = CommonOptions & {
  readonly dryRun?: boolean;
  readonly report?: string;
};

/** As many refused rows as are told on the terminal; the report has all. */
const SHOWN_MAX = 10;
const REPORT_MODE = 0o600;

export const addImport = (program: Command): void => {
  withCommonOptions(program.command('import <file>'))
    .summary('take over grants whose refresh tokens another service issued')
    .description(
      'Takes over grants whose refresh tokens another service issued, while serving or not. A client refreshes with such a ' +
        'token once and gets one of ours; from then on its policy decides, as of any other token. The file is CSV with a ' +
        'header or has a JSON object on each line, packed by gzip or not; - is standard input. Columns or members: client, ' +
        'subject, refresh_token or refresh_token_sha256 (hexadecimal or base64url), expires_at (seconds since 1970 or a date ' +
        'and time), and if wanted scope, brand, created_at and vehicles (a JSON array). The same row again changes nothing, ' +
        'so an import that was broken off goes on where it was when the command is given again.',
    )
    .option('--dry-run', 'check every row and change nothing')
    .option('--report <file>', 'write every row that is refused, with its fault, as JSON lines')
    .addHelpText(
      'after',
      `
Examples:
  $ keyfob import grants.csv --dry-run --report refused.jsonl
  $ zcat grants.ndjson.gz | keyfob import -

Exit codes: 0 every row is there, 1 some were refused.`,
    )
    .action(async (file: string, options: ImportOptions) =>
      onDeployment(options, (deployment) => importFile(deployment, file, options)),
    );
};

const importFile = async (deployment: Deployment, file: string, options: ImportOptions): Promise<Report> => {
  const { store } = deployment;
  const isDryRun = options.dryRun === true;
  const source = openSource(file);
  if (source.openMode !== undefined) warnOfMode(file, source.openMode);
  const report = openReport(options.report, source);
  const bar = createProgressBar('rows');
  const faults: Partial<Record<Fault, number>> = {};
  const first: RefusedRow[] = [];
  const startedAt = performance.now();
  let rowsDone = 0;
  try {
    const totals = await runImport({
      store,
      chunks: source.chunks,
      isDryRun,
      keyNumber: deployment.keyRing.newest.number,
      nowMs: Date.now(),
      onBatch(refused, { rows }) {
        rowsDone = rows;
        report.write(refused);
        for (const one of refused) {
          faults[one.fault] = (faults[one.fault] ?? 0) + 1;
          if (first.length < SHOWN_MAX) first.push(one);
        }
        bar.showShare(source.share(), rows);
      },
    });
    if (totals.refused > 0) process.exitCode = 1;
    const seconds = (performance.now() - startedAt) / 1000;
    return describe(totals, { isDryRun, faults, first, seconds });
  } catch (error) {
    throw describeFailure(error, file, rowsDone);
  } finally {
    bar.end();
    report.close();
  }
};

const warnOfMode = (file: string, mode: string): void =>
  void process.stderr.write(
    `keyfob: warning: ${file} can be read by others than its owner (mode ${mode}); if it holds refresh tokens: chmod 600\n`,
  );

/** Where refused rows are told; replaces what was there. Throws `OperatorError` where it cannot be written. */
const openReport = (path: string | undefined, source: Source) => {
  if (path === undefined) return { write: () => {}, close: () => {} };
  const onReport = <Result>(work: () => Result): Result => {
    try {
      return work();
    } catch (error) {
      const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown';
      const remedy = 'Name a file that can be written by --report.';
      throw new OperatorError('report_unwritable', `${path}: cannot be written (${code})`, remedy, {
        cause: error,
      });
    }
  };
  if (onReport(() => source.isAt(path))) {
    const remedy = 'Name another by --report. Nothing was changed.';
    throw new OperatorError('report_unwritable', `${path}: is the file that is imported`, remedy);
  }
  const handle = onReport(() => {
    const opened = openSync(path, 'w', REPORT_MODE);
    // One that was there keeps its mode otherwise; a device is nobody's to close off.
    if (fstatSync(opened).isFile()) fchmodSync(opened, REPORT_MODE);
    return opened;
  });
  return {
    write(refused: readonly RefusedRow[]): void {
      const lines = refused.map((one) => `${JSON.stringify({ ...one, message: FAULTS[one.fault] })}\n`);
      if (lines.length > 0) onReport(() => writeSync(handle, lines.join('')));
    },
    close: () => closeSync(handle),
  };
};

const describeFailure = (error: unknown, file: string, rows: number): unknown => {
  if (error instanceof HeaderError) {
    const remedy = 'The first line names the columns; see "keyfob import --help". Nothing was imported.';
    return new OperatorError('import_header', `${file}: ${error.message}`, remedy);
  }
  if (!(error instanceof StoreError)) return error;
  const remedy =
    'What was imported stays. Give the same command again: it passes over that. "keyfob doctor" looks into it.';
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
    readonly faults: Partial<Record<Fault, number>>;
    readonly first: readonly RefusedRow[];
    readonly seconds: number;
  },
): Report => {
  const { rows, imported, alreadyThere, refused, shortened } = totals;
  const facts: (readonly [string, string])[] = [
    ['rows', `${rows} in ${seconds.toFixed(1)} s`],
    [isDryRun ? 'would be imported' : 'imported', String(imported)],
    ['there already', String(alreadyThere)],
    ['refused', String(refused)],
  ];
  const notes = first.map(({ row, line, fault }) => `\n  row ${row} (line ${line}): ${FAULTS[fault]}`);
  if (refused > first.length) notes.push(`\n  and ${refused - first.length} more; --report FILE has all`);
  if (shortened > 0)
    notes.push(
      `\n${shortened} of them end sooner here than where they came from, by the refreshTokenLifetimeSeconds of their client`,
    );
  return {
    json: { ...totals, faults, dryRun: isDryRun, seconds: Number(seconds.toFixed(3)) },
    text: `${alignFacts(facts)}${notes.join('')}`,
  };
};
