import { toSeconds } from '../exports/grants.ts';
import type { Millis, Seconds } from '../exports/grants.ts';

/** What a command answers: the same for a program and for a person. */
export type Report = { readonly json: unknown; readonly text: string };

/** A usage error; exit code 2. */
export class UsageError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'UsageError';
  }
}

/** When the reader closes the pipe (`| head`), output ends. This is not an error. */
process.stdout.on('error', (error: Error & { code?: string }) => {
  if (error.code !== 'EPIPE') throw error;
});

export const print = (report: Report, isJson: boolean): void => {
  // Control characters could steer the terminal: names, user agents and subjects come from strangers.
  const text = (): string => report.text.replaceAll(/(?!\n)\p{Cc}/gu, '?');
  process.stdout.write(`${isJson ? JSON.stringify(report.json) : text()}\n`);
};

/** A stored moment as JSON answers it: integer seconds, `null` where there is none. */
export const secondsOrNull = (atMs: Millis | undefined): Seconds | null =>
  atMs === undefined ? null : toSeconds(atMs);

/** Rows in columns: a table whose first row is the header, or pairs of name and value. */
export const alignColumns = (rows: readonly (readonly string[])[]): string => {
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

/** Integer seconds as a date and time for people; a dash for none. */
export const showTime = (seconds: number | null | undefined): string =>
  seconds === null || seconds === undefined
    ? '-'
    : new Date(seconds * 1000).toISOString().replace('.000Z', 'Z');
