import { execFile, spawn } from 'node:child_process';
import type { ChildProcess, SpawnOptions } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { Writable } from 'node:stream';
import { setImmediate } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

/** The path of the `keyfob` command in the package. */
export const KEYFOB_BIN = fileURLToPath(
  new URL('bin/keyfob.js', import.meta.resolve('@keyfob/server/package.json')),
);

/** The result of a command. */
export type Ended = { readonly code: number | null; readonly stdout: string; readonly stderr: string };

/** The environment without the machine's own `KEYFOB_*` settings. */
const cleanEnvironment = (extra: Readonly<Record<string, string>>): NodeJS.ProcessEnv => ({
  ...Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('KEYFOB_'))),
  ...extra,
});

/**
 * Runs a command of `keyfob` until it ends: the same code as the program, without the start of a process. A command that runs
 * until a signal, reads standard input, or has variables for a driver gets a process. Never rejects.
 */
export const runKeyfob = async (
  args: readonly string[],
  environment: Readonly<Record<string, string>> = {},
): Promise<Ended> => {
  const isForKeyfob = Object.keys(environment).every((name) => name.startsWith('KEYFOB_'));
  const isForProcess =
    (args[0] === 'serve' && !args.includes('--help')) || args.includes('--follow') || args.includes('-');
  if (isForProcess || !isForKeyfob) return spawnKeyfob(args, environment);
  // The store answers at once, so a loop of commands would never let this process read or write.
  await setImmediate();
  const { runCommand } = await import('@keyfob/server/cli');
  const output = collect();
  const errors = collect();
  const code = await runCommand(args, {
    environment: cleanEnvironment(environment),
    output: output.stream,
    errors: errors.stream,
    isProcess: false,
  });
  return { code, stdout: output.text(), stderr: errors.text() };
};

const collect = (): { readonly stream: Writable; readonly text: () => string } => {
  const chunks: Buffer[] = [];
  const stream = new Writable({
    write(chunk: Buffer, _, done) {
      chunks.push(chunk);
      done();
    },
  });
  return { stream, text: () => Buffer.concat(chunks).toString() };
};

/** Runs `keyfob` as a process, for what only a process shows: signals, locks between processes, its standard streams. */
export const spawnKeyfob = async (
  args: readonly string[],
  environment: Readonly<Record<string, string>> = {},
): Promise<Ended> =>
  new Promise((resolve) => {
    const options = { env: cleanEnvironment(environment), maxBuffer: 64 * 1024 * 1024 };
    execFile(process.execPath, [KEYFOB_BIN, ...args], options, (error, stdout, stderr) => {
      const code = error === null ? 0 : typeof error.code === 'number' ? error.code : null;
      resolve({ code, stdout, stderr });
    });
  });

export type KeyfobServer = {
  readonly url: string;
  readonly dataDirectory: string;
  readonly child: ChildProcess;
  /** The line that the server printed when it began to listen, parsed. */
  readonly listening: Readonly<Record<string, unknown>>;
  /** Everything written to standard error so far: the log. */
  log(): string;
  /** Runs a command on the same data directory with `--json`. Returns its parsed output. Rejects if the command fails. */
  command<Output>(...args: readonly string[]): Promise<Output>;
  /** The same as a process, which works while this process does. */
  spawnCommand<Output>(...args: readonly string[]): Promise<Output>;
  /** Sends SIGTERM. Resolves to the exit code. */
  stop(): Promise<number | null>;
  /** Sends SIGKILL. */
  kill(): Promise<void>;
};

export type ServerOptions = {
  /** A new directory by default. */
  readonly dataDirectory?: string;
  readonly args?: readonly string[];
  /** Arguments for Node itself. */
  readonly nodeArgs?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  readonly spawn?: SpawnOptions;
};

/** Settings of a server without a throttle, for trials of its responses to many failures. */
export const UNTHROTTLED: Readonly<Record<string, string>> = {
  KEYFOB_AUTHENTICATION_FAILURES_PER_ADDRESS_MAX: '0',
  KEYFOB_AUTHENTICATION_FAILURES_PER_CLIENT_MAX: '0',
  KEYFOB_OWNER_VISITS_PER_ADDRESS_MAX: '0',
  KEYFOB_OWNER_VISITS_MAX: '0',
};

/** The addresses of this machine. */
export const LOOPBACK = '127.0.0.0/8,::1';

/** Settings of a server whose webhooks are sent to this machine. */
export const LOCAL_WEBHOOKS: Readonly<Record<string, string>> = { KEYFOB_EGRESS_ALLOWED_RANGES: LOOPBACK };

/** The arguments for Node, as in `npm start`. */
const NODE_ARGS = ['--max-semi-space-size=16'];

/** Creates a directory, in the system's temporary directory by default. */
export const makeDataDirectory = (within = tmpdir()): string => mkdtempSync(join(within, 'keyfob-'));

/** Starts a real server as a separate process, on a free port. Rejects with the log if it does not start. */
export const startKeyfob = async (options: ServerOptions = {}): Promise<KeyfobServer> => {
  const dataDirectory = options.dataDirectory ?? makeDataDirectory();
  try {
    return await start(dataDirectory, options);
  } catch (error) {
    if (options.dataDirectory === undefined) removeDataDirectory(dataDirectory);
    throw error;
  }
};

const start = async (dataDirectory: string, options: ServerOptions): Promise<KeyfobServer> => {
  const args = ['serve', '--port', '0', '--json', '--data', dataDirectory, ...(options.args ?? [])];
  const env = cleanEnvironment(options.environment ?? {});
  const stdio: SpawnOptions['stdio'] = ['ignore', 'pipe', 'pipe'];
  const nodeArgs = [...NODE_ARGS, ...(options.nodeArgs ?? [])];
  const child = spawn(process.execPath, [...nodeArgs, KEYFOB_BIN, ...args], { env, stdio, ...options.spawn });
  const exited = once(child, 'exit');
  let log = '';
  child.stderr?.setEncoding('utf8').on('data', (text: string) => (log += text));
  const firstLine =
    child.stdout === null
      ? Promise.reject(new Error('no standard output'))
      : once(createInterface({ input: child.stdout }), 'line').then(([line]) => String(line));
  const line = await Promise.race([
    firstLine,
    exited.then(([code]) => Promise.reject(new Error(`keyfob exited with ${String(code)}: ${log}`))),
  ]);
  const listening = JSON.parse(line) as Record<string, unknown>;
  const outputOf = async (run: typeof runKeyfob, words: readonly string[]): Promise<unknown> => {
    const ended = await run([...words, '--data', dataDirectory, '--json'], options.environment);
    if (ended.code !== 0)
      throw new Error(`keyfob ${words.join(' ')} exited with ${ended.code}: ${ended.stderr}`);
    return JSON.parse(ended.stdout) as unknown;
  };
  return {
    url: String(listening['url']),
    dataDirectory,
    child,
    listening,
    log: () => log,
    command: async <Output>(...words: readonly string[]) => (await outputOf(runKeyfob, words)) as Output,
    spawnCommand: async <Output>(...words: readonly string[]) =>
      (await outputOf(spawnKeyfob, words)) as Output,
    async stop() {
      if (child.exitCode === null && child.signalCode === null) child.kill('SIGTERM');
      const [code] = (await exited) as [number | null];
      return code;
    },
    async kill() {
      child.kill('SIGKILL');
      await exited;
    },
  };
};

/** The output of `keyfob client create`. */
export type MadeClient = { readonly clientId: string; readonly clientSecret: string };

/** The output of `keyfob grant create`. */
export type MadeGrant = {
  readonly grantId: string;
  readonly accessToken: string;
  readonly refreshToken: string;
};

/** Removes a data directory. */
export const removeDataDirectory = (path: string): void => rmSync(path, { recursive: true, force: true });
