import { OperatorError } from '../../exports/errors.ts';
import type { Millis } from '../../exports/grants.ts';
import { toPrintableJson, toPrintableLines } from '../../exports/maintenance.ts';
import type { TerminalStream } from './terminal.ts';

/** What a command answers: the same for a program and for a person. */
export type Report = {
  readonly json: unknown;
  readonly text: string;
  /** What to do if it cannot be written, where it holds a secret that is shown only once. */
  readonly remedyIfLost?: string;
  /** The command ends with 1, although it answers. */
  readonly isFailure?: boolean;
};

/** Where a report goes. */
type Reader = {
  readonly json?: boolean;
  readonly terminal: { readonly output: TerminalStream; fail(): void };
};

/** A usage error; exit code 2. */
export class UsageError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'UsageError';
  }
}

/** The reader closed the pipe (`| head`): it wants no more. The command ends, and this is not a failure. */
export class ReaderGone extends Error {
  constructor(cause: unknown) {
    super('the reader of standard output closed it', { cause });
    this.name = 'ReaderGone';
  }
}

/** Writes to standard output, and waits for its reader. Throws `ReaderGone` or `OperatorError`. */
export const writeOutput = async (output: TerminalStream, text: string): Promise<void> => {
  const error = await new Promise<(Error & { readonly code?: string }) | null | undefined>((written) => {
    output.write(text, written);
  });
  if (error === null || error === undefined) return;
  if (error.code === 'EPIPE') throw new ReaderGone(error);
  const remedy = 'Whatever the command changed stays changed. Free space, or write to another place.';
  throw new OperatorError('output_failed', `standard output cannot be written: ${error.message}`, remedy, {
    cause: error,
  });
};

/** Prints the report of a command. Throws `ReaderGone` or `OperatorError`. */
export const print = async (report: Report, { json, terminal }: Reader): Promise<void> => {
  if (report.isFailure === true) terminal.fail();
  try {
    await writeOutput(terminal.output, `${renderReport(report, json === true)}\n`);
  } catch (error) {
    if (report.remedyIfLost === undefined) throw error;
    const { message } = error as Error;
    const lost = `the secret could not be shown: ${message}`;
    throw new OperatorError('secret_not_shown', lost, report.remedyIfLost, { cause: error });
  }
};

export const renderReport = ({ json, text }: Report, isJson: boolean): string =>
  isJson ? toPrintableJson(json) : toPrintableLines(text);

/** How long a process that was asked to end waits for the readers of its output. */
const EXIT_GRACE_MS = 2000;

/** Lets the process end when its output is written, or soon if nobody reads it. */
export const exitSoon = (): void => void setTimeout(() => process.exit(), EXIT_GRACE_MS).unref();

/** A moment as JSON answers it: ISO 8601 in UTC, in whole seconds, as lifetimes count. */
export const writeTime = (atMs: Millis): string => new Date(atMs).toISOString().replace(/\.\d+Z$/, 'Z');

/** The same, and `null` where there is none. */
export const timeOrNull = (atMs: Millis | undefined): string | null =>
  atMs === undefined ? null : writeTime(atMs);

/** Rows in columns: a table whose first row is the header, or pairs of name and value. A cell stays in its row. */
export const alignColumns = (table: readonly (readonly string[])[]): string => {
  const rows = table.map((row) => row.map((cell) => cell.replaceAll('\n', '?')));
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
};

/** A moment of JSON for people; a dash for none. */
export const showTime = (time: string | null): string => time ?? '-';
