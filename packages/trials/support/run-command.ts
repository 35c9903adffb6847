import { spawn } from 'node:child_process';
import type { SpawnOptions } from 'node:child_process';
import { once } from 'node:events';
import type { ChildProcess } from 'node:child_process';
import { KEYFOB_BIN } from './keyfob-process.ts';
import type { Ended, KeyfobServer } from './keyfob-process.ts';

/** Runs any program until it exits, without the machine's own `KEYFOB_*` settings. Never rejects. */
export const runCommand = async (
  program: string,
  args: readonly string[],
  options: SpawnOptions = {},
): Promise<Ended> => {
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('KEYFOB_')));
  const child = spawn(program, args, { env, ...options, stdio: ['ignore', 'pipe', 'pipe'] });
  let stdout = '';
  let stderr = '';
  child.stdout?.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  child.stderr?.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  try {
    const [code] = (await once(child, 'close')) as [number | null];
    return { code, stdout, stderr };
  } catch (error) {
    return { code: null, stdout, stderr: String(error) };
  }
};

/** Runs `keyfob` in a shell, after another shell command such as `umask 000`. */
export const runKeyfobAfter = async (first: string, args: readonly string[]): Promise<Ended> =>
  runCommand('bash', ['-c', `${first}; exec "$0" "$@"`, process.execPath, KEYFOB_BIN, ...args]);

/** Runs `keyfob` as another user. */
export const runKeyfobAs = async (
  ids: { readonly uid?: number; readonly gid?: number },
  args: readonly string[],
): Promise<Ended> => runCommand(process.execPath, [KEYFOB_BIN, ...args], ids);

/** Runs `keyfob serve` until it exits or listens. A server that listens is killed, and its code is `null`. */
export const tryToServe = async (
  directory: string,
  args: readonly string[] = [],
  ids: { readonly uid?: number; readonly gid?: number } = {},
): Promise<Ended> => {
  const words = [KEYFOB_BIN, 'serve', '--port', '0', '--json', '--data', directory, ...args];
  const child = spawn(process.execPath, words, { ...ids, stdio: ['ignore', 'pipe', 'pipe'] });
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
    child.kill('SIGKILL');
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, stdout, stderr };
};

/** Resolves as soon as the log of a server contains the text. */
export const untilLogged = async (server: KeyfobServer, text: string): Promise<void> => {
  while (!server.log().includes(text)) await once(server.child.stderr ?? server.child, 'data');
};

/** Resolves as soon as a child has written the text to its standard output. */
export const untilPrinted = async (child: ChildProcess, text: string): Promise<void> => {
  let printed = '';
  child.stdout?.setEncoding('utf8');
  while (!printed.includes(text)) {
    const [chunk] = (await once(child.stdout ?? child, 'data')) as [string];
    printed += chunk;
  }
};
