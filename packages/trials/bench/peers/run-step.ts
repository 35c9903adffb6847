import { spawn } from 'node:child_process';
import type { SpawnOptions } from 'node:child_process';
import { once } from 'node:events';

/** The interval between two updates of the progress line. */
const PROGRESS_MS = 500;
/** The number of lines of a failed program's output that its error quotes. */
const QUOTED_LINES = 4;
const SECOND_MS = 1000;

export type Step = {
  /** What the step does, for the progress line, for example `hydra v2.3.0: compiling`. */
  readonly title: string;
  readonly program: string;
  readonly args: readonly string[];
  readonly options?: Pick<SpawnOptions, 'cwd' | 'env'>;
  /** After this time the program is killed, and the step fails. */
  readonly timeoutMs: number;
  /** How far the step is, for the progress line, for example `42 MB`. */
  readonly progress?: () => string;
};

/**
 * Runs one step of an installation and returns its output. Shows what is going on and for how long: on a terminal as a line
 * that is updated, otherwise as one line at the start. Rejects with the end of the output if it fails.
 */
export const runStep = async ({
  title,
  program,
  args,
  options,
  timeoutMs,
  progress,
}: Step): Promise<string> => {
  const { stderr } = process;
  const startedAtMs = performance.now();
  const show = (): void => {
    const seconds = Math.round((performance.now() - startedAtMs) / SECOND_MS);
    stderr.write(`\r${[title, `${seconds} s`, progress?.()].filter(Boolean).join(', ')}\x1b[K`);
  };
  if (!stderr.isTTY) stderr.write(`${title}\n`);
  const timer = stderr.isTTY ? setInterval(show, PROGRESS_MS) : undefined;
  try {
    const child = spawn(program, args, {
      ...options,
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: timeoutMs,
      killSignal: 'SIGKILL',
    });
    let output = '';
    let errors = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => (output += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (errors += text));
    const [code, signal] = (await once(child, 'close')) as [number | null, NodeJS.Signals | null];
    if (code === 0) return output;
    const lines = `${output}\n${errors}`.split('\n').filter((line) => line.trim() !== '');
    const quoted = lines.slice(-QUOTED_LINES).join(' / ');
    throw new Error(`${title}: ${program} ended with ${code ?? signal}: ${quoted}`);
  } finally {
    clearInterval(timer);
    if (stderr.isTTY) stderr.write('\r\x1b[K');
  }
};

/** The names of the programs that are not on the PATH. Each is called with a word that makes it print its version. */
export const findMissing = async (programs: Readonly<Record<string, string>>): Promise<readonly string[]> => {
  const missing = await Promise.all(
    Object.entries(programs).map(async ([program, word]) => {
      const child = spawn(program, [word], { stdio: 'ignore' });
      const isThere = await once(child, 'exit').then(
        ([code]) => code === 0,
        () => false,
      );
      return isThere ? [] : [program];
    }),
  );
  return missing.flat();
};
