import { fileURLToPath } from 'node:url';
import { runCommand } from '../../support/run-command.ts';
import type { Skipped } from '../../support/skipped.ts';

/** How long one command of an installation may take. A registry that does not answer must not hold up the other trials. */
const COMMAND_TIMEOUT_MS = 180_000;

/** The path of a file of this folder. */
export const pathOf = (name: string): string => fileURLToPath(new URL(name, import.meta.url));

/** Runs commands in a folder, one after the other. Returns the reason if one of them fails. */
export const runAll = async (
  commands: readonly (readonly [program: string, ...args: string[]])[],
  folder: string,
  environment: Readonly<Record<string, string>> = {},
): Promise<Skipped | undefined> => {
  for (const [program, ...args] of commands) {
    const env = { ...process.env, ...environment };
    const signal = AbortSignal.timeout(COMMAND_TIMEOUT_MS);
    const { code, stdout, stderr } = await runCommand(program, args, { cwd: folder, env, signal });
    if (code === 0) continue;
    if (stderr.includes('ENOENT')) return { skipped: `${program} is not installed` };
    const how = code === null ? 'did not run to its end' : `exited with ${code}`;
    const lines = `${stdout}\n${stderr}`.trim().split('\n');
    return { skipped: `${program} ${args.join(' ')} ${how}: ${lines.slice(-3).join(' ')}` };
  }
};
