import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable, Writable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { runCommand } from '@keyfob/keeper/cli';
import { createGrantIn, startSandboxServer } from '@keyfob/sandbox';
import type { Sandbox, World } from '@keyfob/sandbox';
import type { Scope } from '../../support/test-directory.ts';

/** The program in the package. */
export const COMMAND = fileURLToPath(
  new URL('bin/keyfob-keeper.js', import.meta.resolve('@keyfob/keeper/package.json')),
);

/** How a command ended. */
export type Ended = { readonly code: number | null; readonly out: string; readonly errors: string };

/** A directory with settings, whose clients are those of a sandbox. */
export type CommandWorld = {
  readonly directory: string;
  readonly sandbox: Sandbox;
  readonly world: World;
  /** The variables that the settings name. */
  readonly environment: Readonly<Record<string, string>>;
  /** Runs a command in this process, with standard input: the same code as the program, without the start of a process. */
  run(
    words: readonly string[],
    input?: string | Readable,
    more?: Readonly<Record<string, string>>,
  ): Promise<Ended>;
  /** Runs a command as a process in the directory, for what only a process shows. */
  spawn(words: readonly string[], input?: string): Promise<Ended>;
  /** The same as `run` with `--json`: its answer. Throws where it fails. */
  ask<Answer>(words: readonly string[], input?: string): Promise<Answer>;
  /** A grant of the world, as a token endpoint answers it. */
  consent(client: 'smartcar' | 'pleos'): Promise<string>;
};

/** Runs a command as a process in a directory. */
export const spawnCommand = async (
  directory: string,
  words: readonly string[],
  {
    input = '',
    environment = {},
  }: { readonly input?: string; readonly environment?: NodeJS.ProcessEnv } = {},
): Promise<Ended> => {
  const child = spawn(process.execPath, [COMMAND, ...words], {
    cwd: directory,
    env: { PATH: process.env['PATH'], ...environment },
  });
  child.stdin.on('error', () => undefined).end(input);
  const [out, errors, [code]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'close') as Promise<[number | null]>,
  ]);
  return { code, out, errors };
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

/** Starts a sandbox and writes settings for two of its clients, `sc` and `pl`. All is gone when the test ends. */
export const openCommandWorld = async (scope: Scope): Promise<CommandWorld> => {
  const sandbox = await startSandboxServer();
  const world = await sandbox.createWorld();
  const directory = mkdtempSync(join(tmpdir(), 'keeper-commands-'));
  scope.after(async () => {
    await sandbox.close();
    rmSync(directory, { recursive: true, force: true });
  });
  const environment: Record<string, string> = { KEEPER_KEY: Buffer.alloc(32, 7).toString('base64url') };
  const client = (name: 'smartcar' | 'pleos', variable: string): object => {
    const found = world.clients.find(name);
    if (found === undefined) throw new Error(`no client ${name}`);
    environment[variable] = found.clientSecret;
    return { provider: name, clientId: found.clientId, clientSecret: { env: variable }, origin: world.url };
  };
  const settingsFile = join(directory, 'keyfob-keeper.json');
  writeFileSync(
    settingsFile,
    JSON.stringify({
      reconnectUrl: 'https://app.example/connect/{name}',
      clients: { sc: client('smartcar', 'SC_SECRET'), pl: client('pleos', 'PL_SECRET') },
    }),
  );
  const run: CommandWorld['run'] = async (words, input = '', more = {}) => {
    const [output, errors] = [collect(), collect()];
    const code = await runCommand(words, {
      environment: { KEEPER_CONFIG: settingsFile, ...environment, ...more },
      input: typeof input === 'string' ? Readable.from([input]) : input,
      output: output.stream,
      errors: errors.stream,
    });
    return { code, out: output.text(), errors: errors.text() };
  };
  return {
    directory,
    sandbox,
    world,
    environment,
    run,
    spawn: (words, input = '') => spawnCommand(directory, words, { input, environment }),
    async ask<Answer>(words: readonly string[], input = '') {
      const { code, out, errors } = await run([...words, '--json'], input);
      if (code !== 0) throw new Error(`${words.join(' ')} ended with ${code}: ${errors}`);
      return JSON.parse(out) as Answer;
    },
    async consent(name) {
      const { accessToken, refreshToken } = await createGrantIn(world, { client: name });
      return JSON.stringify({ access_token: accessToken, refresh_token: refreshToken, expires_in: 7200 });
    },
  };
};
