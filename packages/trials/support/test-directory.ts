import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { makeDataDirectory, removeDataDirectory, runKeyfob, startKeyfob } from './keyfob-process.ts';
import type { Ended, KeyfobServer, MadeClient, MadeGrant, ServerOptions } from './keyfob-process.ts';
import type { DialectName } from './dialect-name.ts';

/** A test or suite that can register cleanup. */
export type Scope = { after(cleanUp: () => unknown): void };

/** Creates a data directory that is removed when the test ends. */
export const directoryFor = (scope: Scope): string => {
  const directory = makeDataDirectory();
  scope.after(() => removeDataDirectory(directory));
  return directory;
};

/** Starts a server that is stopped when the test ends, by default on a new directory. */
export const serverFor = async (scope: Scope, options: ServerOptions = {}): Promise<KeyfobServer> => {
  const dataDirectory = options.dataDirectory ?? directoryFor(scope);
  const server = await startKeyfob({ ...options, dataDirectory });
  scope.after(() => server.kill());
  return server;
};

/** Creates a client and a grant with commands while the server runs. */
export const grantFor = async (
  server: Pick<KeyfobServer, 'command'>,
  dialect: DialectName,
): Promise<{ readonly client: MadeClient; readonly grant: MadeGrant }> => {
  const client = await server.command<MadeClient>('client', 'create', '--dialect', dialect);
  const grant = await server.command<MadeGrant>(
    'grant',
    'create',
    '--client',
    client.clientId,
    '--subject',
    'owner-1',
  );
  return { client, grant };
};

/** Lets a client use each refresh token only once: no repeats, no race tolerance. */
export const setStrict = async (
  server: Pick<KeyfobServer, 'command'>,
  { clientId }: MadeClient,
): Promise<void> => {
  const policy = ['--rotation', 'strict', '--overlap-seconds', '0', '--race-seconds', '0'];
  await server.command('client', 'set', clientId, ...policy);
};

/** Runs a command on a data directory. */
export const runOn = async (directory: string, ...words: readonly string[]): Promise<Ended> =>
  runKeyfob([...words, '--data', directory]);

/** Every file and folder under a directory with its mode and a digest of its bytes, for comparisons. */
export const bytesOf = (directory: string): Readonly<Record<string, string>> => {
  const names = readdirSync(directory, { recursive: true, encoding: 'utf8' }).sort();
  return Object.fromEntries(
    names.map((name) => {
      const path = join(directory, name);
      const { mode } = statSync(path);
      const digest = statSync(path).isDirectory()
        ? 'folder'
        : createHash('sha256').update(readFileSync(path)).digest('hex');
      return [name, `${(mode & 0o777).toString(8)} ${digest}`];
    }),
  );
};

/** The error that a command printed with `--json`. Throws if that is not JSON. */
export const errorOf = ({
  stderr,
}: Ended): { readonly code: string; readonly message: string; readonly remedy: string | null } => {
  const line = stderr.trim().split('\n').at(-1) ?? '';
  return (JSON.parse(line) as { error: { code: string; message: string; remedy: string | null } }).error;
};
