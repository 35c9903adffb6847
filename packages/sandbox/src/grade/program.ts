import { spawn } from 'node:child_process';
import type { ChildProcess, StdioOptions } from 'node:child_process';
import { once } from 'node:events';
import type { Readable } from 'node:stream';
import type { Ending } from './contract.ts';
import { endEscaped, markRun } from './end-escaped.ts';
import type { BlockedOutput } from './blocked-output.ts';

/** How to run a command. */
export type ProgramStart = RunStart & { readonly command: readonly [program: string, ...args: string[]] };

/** What a run gets. */
export type RunStart = {
  readonly environment: Readonly<Record<string, string>>;
  /** After this long it is killed, and has hung. */
  readonly limitMs: number;
  /** Called as soon as it has printed something that could be a token. */
  readonly onPrinted?: ((program: Pick<Program, 'kill'>) => void) | undefined;
  /** An output on which a writer waits, if the run is to be stopped as it prints. */
  readonly output?: BlockedOutput | undefined;
  /** Kills it when the grade is stopped. */
  readonly signal?: AbortSignal | undefined;
};

/** Runs whatever is graded, for one scenario. */
export type Runner = {
  /** Begins a run. Never throws. */
  start(start: RunStart): Program;
  /** Ends what still runs, before its state folder is changed. The next start begins anew. */
  stop(): Promise<void>;
};

/** A command that is run once for each need. */
export const createCommandRunner = (command: ProgramStart['command']): Runner => ({
  start: (start) => startProgram({ ...start, command }),
  stop: async () => {},
});

/** A run of the command that has begun. */
export type Program = {
  readonly ending: Promise<Ending>;
  /** What it has written to standard error so far. */
  readonly errorText: () => string;
  /** Kills it and everything that it started, on purpose. */
  kill(): void;
};

/** How much of each output is kept: the end of it. */
const OUTPUT_MAX_CHARACTERS = 65_536;
/** Shorter than every token, longer than most words. */
export const TOKEN_LIKE = /[\w-]{30}/;
/** How long the outputs may stay open after the program has ended: a child of its own may hold them. */
const OUTPUT_GRACE_MS = 500;

/** Settings of our own process and of an outer sandbox do not reach the command. */
const inherited = (): Record<string, string | undefined> =>
  Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('KEYFOB_')));

/** Starts the command in a process group of its own, so that what it starts ends with it. Never throws. */
export const startProgram = (start: ProgramStart): Program => {
  const { command, environment, limitMs, output, onPrinted, signal } = start;
  const [program, ...args] = command;
  const stdio: StdioOptions = ['ignore', output?.fd ?? 'pipe', 'pipe'];
  const mark = markRun();
  const env = { ...inherited(), ...environment, ...mark };
  const child = spawn(program, args, { env, stdio, detached: true });
  const stdout = collect(child.stdout);
  const stderr = collect(child.stderr);
  let stopped: 'hung' | 'killed' | undefined;
  const stop = (why: 'hung' | 'killed'): void => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    stopped ??= why;
    killGroup(child);
  };
  const kill = (): void => stop('killed');
  if (onPrinted !== undefined)
    child.stdout?.on('data', () => TOKEN_LIKE.test(stdout()) && onPrinted({ kill }));
  const limit = setTimeout(() => stop('hung'), limitMs);
  signal?.addEventListener('abort', kill);
  const ending = waitForEnd(child, stdout, () => stopped, mark).finally(() => {
    clearTimeout(limit);
    // What has escaped may hold them open, and we would wait for it at our own end.
    child.stdout?.destroy();
    child.stderr?.destroy();
    signal?.removeEventListener('abort', kill);
  });
  return { ending, errorText: stderr, kill };
};

const waitForEnd = async (
  child: ChildProcess,
  stdout: () => string,
  stopped: () => 'hung' | 'killed' | undefined,
  mark: ReturnType<typeof markRun>,
): Promise<Ending> => {
  try {
    const closed = once(child, 'close');
    closed.catch(() => {});
    const [code, signal] = (await once(child, 'exit')) as [number | null, NodeJS.Signals | null];
    // Nothing that it has left behind may go on in a world that goes on without it.
    killGroup(child);
    endEscaped(mark);
    await Promise.race([closed, delay(OUTPUT_GRACE_MS)]);
    const why = stopped();
    // It may have ended by itself a moment before the signal.
    if (code !== null) return { kind: 'exited', code, stdout: stdout() };
    return why === undefined ? { kind: 'crashed', signal: signal ?? 'a signal' } : { kind: why };
  } catch (error) {
    return { kind: 'not_started', because: reasonOf(error, child) };
  }
};

const delay = async (ms: number): Promise<void> =>
  new Promise((resolve) => void setTimeout(resolve, ms).unref());

const reasonOf = (error: unknown, { spawnfile }: ChildProcess): string => {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  if (code === 'ENOENT') return `"${spawnfile}" was not found`;
  if (code === 'EACCES') return `"${spawnfile}" may not be run`;
  return `"${spawnfile}" could not be started: ${error instanceof Error ? error.message : String(error)}`;
};

const killGroup = ({ pid }: ChildProcess): void => {
  if (pid === undefined) return;
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // Every process of the group has ended.
  }
};

const collect = (stream: Readable | null): (() => string) => {
  let text = '';
  stream?.setEncoding('utf8').on('data', (part: string) => {
    text = (text + part).slice(-OUTPUT_MAX_CHARACTERS);
  });
  stream?.on('error', () => {});
  return () => text;
};
