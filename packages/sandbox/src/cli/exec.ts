import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { constants } from 'node:os';
import { COMPATIBLE_ENVIRONMENTS, environmentsOf, SandboxError } from '../exports/index.ts';
import type { JournalEntry, Sandbox, World } from '../exports/index.ts';
import { describeRequestLine } from './request-line.ts';

/** Of a long run, the last requests are the ones that explain its end. */
const LINES_MAX = 500;
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/**
 * Runs a command of the shell with the variables of the sandbox, and answers its exit code: 128 and the number of the signal
 * if a signal ended it, as a shell does. If it fails, the requests that came are written to standard error. A signal to the
 * sandbox is passed on. Throws `SandboxError` for an unknown name of an environment.
 */
export const runWith = async (
  sandbox: Sandbox,
  command: string,
  { environment, json }: { readonly environment?: string | undefined; readonly json: boolean },
): Promise<number> => {
  const variables = variablesFor(sandbox, environment);
  const seen: { readonly world: World; readonly entry: JournalEntry }[] = [];
  let left = 0;
  sandbox.worlds.follow((world, entry) => {
    if (entry.stage !== 'ended') return;
    seen.push({ world, entry });
    if (seen.length > LINES_MAX) left += seen.splice(0, 1).length;
  });
  // On a terminal, the command must stay in the foreground, where Control-C reaches it by itself.
  const isOnTerminal = process.stdin.isTTY;
  // Listened for before it starts, so that no signal ends this process and leaves the command behind.
  const passOn = (signal: NodeJS.Signals): void => {
    if (isOnTerminal) return void (signal === 'SIGINT' || child.kill(signal));
    signalGroup(child, signal);
  };
  for (const signal of SIGNALS) process.on(signal, passOn);
  const child = spawn(command, {
    shell: true,
    stdio: 'inherit',
    env: { ...process.env, ...variables },
    detached: !isOnTerminal,
  });
  try {
    const code = await exitOf(child, command);
    if (code === 0) return code;
    const lines = seen.map(({ world, entry }) => describeRequestLine(world, entry, { json }));
    if (left > 0 && !json) lines.unshift(`(${left} earlier requests are not shown)`);
    if (!json)
      lines.unshift(`keyfob-sandbox: ${command} exited with ${code} after ${seen.length + left} requests`);
    process.stderr.write(lines.map((line) => `${line}\n`).join(''));
    return code;
  } finally {
    for (const signal of SIGNALS) process.off(signal, passOn);
  }
};

const variablesFor = (sandbox: Sandbox, wanted: string | undefined): Readonly<Record<string, string>> => {
  const world = sandbox.defaultWorld();
  const known = environmentsOf(world.url, world.clients.find);
  if (wanted !== undefined && !Object.hasOwn(known, wanted))
    throw new SandboxError(
      'input_invalid',
      `--environment ${wanted} is not known`,
      `Use one of ${Object.keys(known).join(', ')}.`,
    );
  const names = [...COMPATIBLE_ENVIRONMENTS.values(), ...(wanted === undefined ? [] : [wanted])];
  return Object.assign(
    { KEYFOB_SANDBOX_URL: sandbox.url, KEYFOB_SANDBOX_WORLD: world.id },
    ...names.map((name) => known[name]),
  ) as Readonly<Record<string, string>>;
};

/** A shell does not pass a signal on to what it runs. */
const signalGroup = ({ pid }: ChildProcess, signal: NodeJS.Signals): void => {
  if (pid === undefined) return;
  try {
    process.kill(-pid, signal);
  } catch (error) {
    // It has ended at this moment.
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
};

const exitOf = (child: ChildProcess, command: string): Promise<number> =>
  new Promise((resolve, reject) => {
    child.once('error', ({ message }) => {
      const remedy = 'The command is run by the shell of this machine, /bin/sh.';
      reject(new SandboxError('input_invalid', `${command} could not be started: ${message}`, remedy));
    });
    child.once('close', (code, signal) =>
      resolve(code ?? 128 + (signal === null ? 0 : constants.signals[signal])),
    );
  });
