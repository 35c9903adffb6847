import { KeeperError } from '../errors.ts';
import type { CommandTerminal, TerminalStream } from './terminal.ts';

/** What a command answers: the same for a program and for a person. */
export type Report = {
  readonly json: unknown;
  readonly text: string;
  /** The command ends with 1, although it answers. */
  readonly isFailure?: boolean;
};

/** The options that every command has. */
export type CommonOptions = {
  readonly config?: string;
  readonly json?: boolean;
  /** No option of a person: `runCommand` sets it. */
  readonly terminal: CommandTerminal;
};

/** A usage error; exit code 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** The reader closed the pipe (`| head`): it wants no more. The command ends, and this is not a failure. */
export class ReaderGone extends Error {
  override readonly name = 'ReaderGone';
}

/** Writes to standard output, and waits for its reader. Throws `ReaderGone` or `KeeperError`. */
export const writeOutput = async (output: TerminalStream, text: string): Promise<void> => {
  const error = await new Promise<(Error & { readonly code?: string }) | null | undefined>((written) => {
    output.write(text, written);
  });
  if (error === null || error === undefined) return;
  if (error.code === 'EPIPE') throw new ReaderGone();
  throw new KeeperError(
    'output_failed',
    `Standard output cannot be written: ${error.message}`,
    'What the command changed stays changed. Free space, or write to another place.',
    { cause: error },
  );
};

/** Prints the report of a command. */
export const print = async (report: Report, { json, terminal }: CommonOptions): Promise<void> => {
  if (report.isFailure === true) terminal.fail();
  await writeOutput(
    terminal.output,
    `${json === true ? JSON.stringify(report.json) : printable(report.text)}\n`,
  );
};

/** Controls could steer the terminal, and marks of direction turn a line around: names and request ids come from strangers. */
export const printable = (text: string): string =>
  text.replaceAll(/(?!\n)[\p{Cc}\p{Bidi_Control}\p{Zl}\p{Zp}]/gu, '?');

/** Writes a note for people to standard error. */
export const warn = ({ terminal }: CommonOptions, text: string): void =>
  void terminal.errors.write(`keyfob-keeper: ${printable(text)}\n`);
