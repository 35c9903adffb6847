import { closeSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import { randomBytes } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Command } from 'commander';
import { openClients } from '../config/open-parts.ts';
import type { Settings } from '../config/settings.ts';
import { KeeperError, StoreError } from '../errors.ts';
import { openKeeper } from '../keeper.ts';
import type { Keeper } from '../keeper.ts';
import type { Mapping, Recognised } from '../operations/import/columns.ts';
import { runImport } from '../operations/import/run.ts';
import type { ImportTotals, RefusedRow } from '../operations/import/run.ts';
import { openImportSource } from '../operations/import/source.ts';
import { sqliteStore } from '../stores/sqlite/open.ts';
import { parseKeys } from '../vault/key-ring.ts';
import { INTERRUPTED } from './finish.ts';
import { listenForInterruption } from './interruption.ts';
import { onKeeper, settingsOf, withCommonOptions } from './options.ts';
import { print, UsageError, warn } from './output.ts';
import type { CommonOptions, Report } from './output.ts';
import { createProgressBar } from './progress.ts';
import { alignColumns } from './table.ts';

type ImportOptions = CommonOptions & {
  readonly client?: string;
  readonly nameColumn?: string;
  readonly dryRun?: boolean;
  readonly report?: string;
};

/** How many refused rows are printed; the file of --report has all. */
const SHOWN_MAX = 10;

/** `keyfob-keeper import FILE`: the token table of another program. */
export const addImport = (program: Command): void => {
  withCommonOptions(program.command('import <file>'))
    .summary('keep the tokens of a CSV or NDJSON file')
    .description(
      'Keeps the tokens of a file: CSV with a header, or one JSON object per line, also compressed with gzip; - is standard input. Columns are recognised by their usual names: name or vin, client or provider, access_token, refresh_token, expires_at or expires_in, refresh_expires_at, created_at, scope, brand. The same refresh token in two rows becomes one grant. A row that is kept already changes nothing, so run the same command again after an interruption.',
    )
    .option('--client <name>', 'client of the rows that name none')
    .option('--name-column <column>', 'column with the names of the connections')
    .option('--dry-run', 'check every row, and keep nothing')
    .option('--report <file>', 'write every refused row with its reason to this file, as JSON lines')
    .addHelpText(
      'after',
      `
Examples:
  $ keyfob-keeper import tokens.csv --dry-run --report refused.jsonl
  $ psql -c "COPY tokens TO STDOUT CSV HEADER" \\
      | keyfob-keeper import - --client sc

Stop the program that refreshes these tokens now before the import: two that
refresh one token end the grant. It exits with 1 where rows were refused.`,
    )
    .action(async (file: string, options: ImportOptions) => {
      const settings = settingsOf(options);
      if (options.client !== undefined && !Object.hasOwn(settings.clients, options.client))
        throw new UsageError(`--client must be one of ${Object.keys(settings.clients).join(', ')}`);
      const work = (keeper: Keeper): Promise<Report> => importFile(keeper, settings, file, options);
      const report =
        options.dryRun === true
          ? await rehearse(settings, work)
          : await onKeeper(options, work, { isMade: true });
      await print(report, options);
    });
};

/** Runs work on a store that is thrown away, under a key that nobody has. */
const rehearse = async (settings: Settings, work: (keeper: Keeper) => Promise<Report>): Promise<Report> => {
  const directory = mkdtempSync(join(tmpdir(), 'keyfob-keeper-'));
  try {
    await using keeper = await openKeeper({
      store: sqliteStore(join(directory, 'rehearsal.db')),
      keys: parseKeys([randomBytes(32).toString('base64url')]),
      clients: openClients(settings),
      isScheduling: false,
    });
    return await work(keeper);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
};

const importFile = async (
  keeper: Keeper,
  settings: Settings,
  file: string,
  options: ImportOptions,
): Promise<Report> => {
  const mapping: Mapping = {
    clients: openClients(settings),
    client: options.client,
    nameColumn: options.nameColumn,
    nowMs: Date.now(),
  };
  const source = openImportSource(file, bytesOf(options.terminal.input));
  if (source.openMode !== undefined)
    warn(
      options,
      `warning: ${file} can be read by others (mode ${source.openMode}), and holds tokens: chmod 600`,
    );
  const bar = createProgressBar(options.terminal.errors, 'rows');
  const refusals = openReport(options.report);
  const startedAt = performance.now();
  const first: RefusedRow[] = [];
  const done = { rows: 0, refused: 0 };
  const interruption = listenForInterruption();
  try {
    const chunks = interruption.until(source.chunks);
    const { totals, recognised } = await runImport(keeper, chunks, mapping, ({ rows, refused }) => {
      done.rows = rows;
      done.refused += refused.length;
      refusals.write(refused);
      first.push(...refused.slice(0, SHOWN_MAX - first.length));
      bar.show(source.share(), rows);
    });
    if (interruption.isInterrupted()) throw interrupted(done, options.dryRun === true);
    return reportOf(totals, recognised, {
      first,
      isDryRun: options.dryRun === true,
      seconds: (performance.now() - startedAt) / 1000,
    });
  } catch (error) {
    if (interruption.isInterrupted() && error instanceof KeeperError)
      throw interrupted(done, options.dryRun === true);
    if (!(error instanceof StoreError)) throw error;
    const remedy = 'What is kept stays. Run the same command again: it goes over it.';
    throw new KeeperError('import_interrupted', `After ${done.rows} rows: ${error.message}`, remedy, {
      cause: error,
    });
  } finally {
    interruption.end();
    // Standard input that is still open would keep the process alive.
    if (interruption.isInterrupted()) options.terminal.input.destroy();
    bar.end();
    refusals.close();
  }
};

/** Somebody ended the command: what is kept, and how to go on. */
const interrupted = (
  { rows, refused }: Pick<ImportTotals, 'rows' | 'refused'>,
  isDryRun: boolean,
): KeeperError => {
  const count = `${rows} rows were read, ${refused} of them refused`;
  return isDryRun
    ? new KeeperError(INTERRUPTED, `Interrupted: ${count}`, 'Nothing was kept: it was a rehearsal.')
    : new KeeperError(
        INTERRUPTED,
        `Interrupted: ${count}, and the tokens of the others are kept`,
        'Run the same command again: it goes over what is kept. Until then, some cars are kept here and the others are not.',
      );
};

/** A stream as bytes, whatever its encoding is. */
async function* bytesOf(input: AsyncIterable<Uint8Array | string>): AsyncGenerator<Uint8Array> {
  for await (const chunk of input) yield typeof chunk === 'string' ? Buffer.from(chunk) : chunk;
}

const openReport = (
  path: string | undefined,
): { write(refused: readonly RefusedRow[]): void; close(): void } => {
  if (path === undefined) return { write: () => undefined, close: () => undefined };
  const file = openForReport(path);
  return {
    write: (refused) => void writeSync(file, refused.map((one) => `${JSON.stringify(one)}\n`).join('')),
    close: () => closeSync(file),
  };
};

const openForReport = (path: string): number => {
  try {
    return openSync(path, 'w', 0o600);
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown';
    throw new KeeperError(
      'report_unwritable',
      `--report ${path} cannot be written (${code})`,
      'Name a file in a directory that exists and that you may write to. Nothing was imported.',
    );
  }
};

const reportOf = (
  totals: ImportTotals,
  recognised: Recognised | undefined,
  more: { readonly first: readonly RefusedRow[]; readonly isDryRun: boolean; readonly seconds: number },
): Report => {
  const { first, isDryRun, seconds } = more;
  const { rows, refused, replaced, linked, known, outdated, dead } = totals;
  const table = [
    ['rows', `${rows} in ${seconds.toFixed(1)} s`],
    [isDryRun ? 'would be new' : 'new', String(totals.new)],
    ...pairs([
      ['replaced older tokens', replaced],
      ['share a grant with another row', linked],
      ['kept already', known],
      ['older than what is kept', outdated],
      ['refused by the provider before', dead],
    ]),
    ['refused', String(refused)],
  ];
  const notes = first.map(({ line, reason }) => `  line ${line}: ${reason}`);
  if (refused > first.length) notes.push(`  and ${refused - first.length} more; --report FILE writes all`);
  if (recognised !== undefined && recognised.ignored.length > 0)
    notes.push(`not used: the columns ${recognised.ignored.join(', ')}`);
  return {
    json: {
      ...totals,
      dryRun: isDryRun,
      seconds: Number(seconds.toFixed(3)),
      columns: recognised ?? null,
      first,
    },
    text: [alignColumns(table), ...notes].join('\n'),
    isFailure: refused > 0,
  };
};

const pairs = (rows: readonly (readonly [string, number])[]): readonly (readonly string[])[] =>
  rows.filter(([, count]) => count > 0).map(([name, count]) => [name, String(count)]);
