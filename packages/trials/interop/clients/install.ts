import { fileURLToPath } from 'node:url';
import { runCommand } from '../../support/run-command.ts';
import type { Skipped } from '../../support/skipped.ts';
import type { ClientCommand } from './client-program.ts';

/** How long one step of an installation may take. */
const STEP_TIMEOUT_MS = 300_000;

/** A command that runs until it ends. */
export type Command = readonly [program: string, ...args: string[]];

/** The libraries of a language, installed in a temporary folder. */
export type Installed = {
  /** Starts the program that calls them. */
  readonly clients: ClientCommand;
  /** Prepares another program of the same language, whose source is `text`. */
  prepare(text: string): Promise<Command>;
  /** What the environment of such a program needs. */
  readonly environment: Readonly<Record<string, string>>;
};

/** The path of a file of this folder. */
export const pathOf = (name: string): string => fileURLToPath(new URL(name, import.meta.url));

/** Runs commands in a folder, one after the other. Returns the reason if one of them fails. */
export const runAll = async (
  commands: readonly Command[],
  folder: string,
  environment: Readonly<Record<string, string>> = {},
): Promise<Skipped | undefined> => {
  for (const [program, ...args] of commands) {
    const options = { cwd: folder, env: { ...process.env, ...environment }, timeout: STEP_TIMEOUT_MS };
    const { code, stdout, stderr } = await runCommand(program, args, options);
    if (code === 0) continue;
    const how = code === null ? 'did not run to its end' : `exited with ${code}`;
    const lines = `${stdout}\n${stderr}`.trim().split('\n');
    return { skipped: `${program} ${args.join(' ')} ${how}: ${lines.slice(-3).join(' ')}` };
  }
};
