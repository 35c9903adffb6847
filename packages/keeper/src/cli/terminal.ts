import type { Readable, Writable } from 'node:stream';

/** What a command reads from its surroundings, and where it writes. A process has one; a test makes its own. */
export type Terminal = {
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly input: Readable & { readonly isTTY?: boolean };
  /** Gets the report: text for a person, or JSON. Each write is waited for. */
  readonly output: TerminalStream;
  /** Gets errors, warnings and progress. */
  readonly errors: TerminalStream;
};

/** The terminal of one command, which can end with 1 although it answers. */
export type CommandTerminal = Terminal & { fail(): void };

/** A stream that may be shown to a person. `isTTY` and `columns` are as in `node:tty`. */
export type TerminalStream = Writable & { readonly isTTY?: boolean; readonly columns?: number };

/** The terminal of this process. */
export const processTerminal = (): Terminal => {
  const { stdin: input, stdout: output, stderr: errors, env: environment } = process;
  // Every write has a callback, which gets the error. Errors of standard error have nowhere to go.
  output.on('error', () => {});
  errors.on('error', () => {});
  return { environment, input, output, errors };
};

const COLUMNS = 80;

/** How wide a text for people may be. */
export const widthOf = ({ isTTY, columns }: TerminalStream): number =>
  isTTY === true && columns !== undefined ? columns : COLUMNS;
