import type { Writable } from 'node:stream';
import { OperatorError } from '../../exports/errors.ts';

/** A command as it runs: its words without the name of the program, its first argument and its options. */
export type RunningCommand = {
  readonly words: string;
  readonly argument: string;
  readonly options: Readonly<Record<string, unknown>>;
};

/** What a command reads from its surroundings, and where it writes. A process has one; a host that runs commands makes its own. */
export type Terminal = {
  /** Environment variables: the `KEYFOB_*` settings and `NO_COLOR`. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Gets the report: text for a person, or JSON. Each write is waited for. */
  readonly output: TerminalStream;
  /** Gets errors, warnings and progress. */
  readonly errors: TerminalStream;
  /** Whether the command may take the signals of this process and end it. */
  readonly isProcess: boolean;
};

/** The terminal of one command, which can end with 1 although it answers. */
export type CommandTerminal = Terminal & {
  fail(): void;
  /** For the audit log. */
  readonly command?: RunningCommand;
};

/** A stream that may be shown to a person. `isTTY` and `columns` are as in `node:tty`. */
export type TerminalStream = Writable & { readonly isTTY?: boolean; readonly columns?: number };

/** The terminal of this process. */
export const processTerminal = (): Terminal => {
  const { stdout: output, stderr: errors, env: environment } = process;
  // Every write has a callback, which gets the error. Errors of standard error have nowhere to go.
  output.on('error', () => {});
  errors.on('error', () => {});
  return { environment, output, errors, isProcess: true };
};

/** Refuses a command that runs until a signal ends its process, where the process belongs to a host. Throws `OperatorError`. */
export const needProcess = ({ isProcess }: Terminal, command: string): void => {
  if (isProcess) return;
  const remedy = 'Start the program "keyfob" for it.';
  throw new OperatorError('needs_process', `${command} needs a process of its own`, remedy);
};
