import { Worker } from 'node:worker_threads';
import { openSandbox } from './connect-sandbox.ts';
import type { Sandbox } from './connect-sandbox.ts';
import { createControlClient } from './control-client.ts';
import { SandboxProblem } from './sandbox-problem.ts';

/** How a sandbox for tests is started. Everything is optional. */
export type StartOptions = {
  /** Where it listens; this machine only by default. */
  readonly host?: string;
  /** 0, the default, picks a free one. */
  readonly port?: number;
  /** Names besides those of this machine by which its control API may be reached. */
  readonly allowedHosts?: readonly string[];
};

/** What the thread of a sandbox reports once. */
export type StartReport =
  { readonly url: string } | { readonly code: string; readonly detail: string; readonly remedy: string };

const NODE_MAJOR = 24;

/**
 * Starts sandboxes in a thread of this process. There no fake timer, replaced `fetch` or test environment reaches the server, and
 * it answers also while this thread waits for a child process. `worker` is the path of the file that the thread runs.
 */
export const createStartSandbox =
  (worker: string, node = process.versions.node) =>
  async (options: StartOptions = {}): Promise<Sandbox> => {
    if (Number(node.split('.', 1)[0]) < NODE_MAJOR)
      throw new SandboxProblem(
        'node_too_old',
        `startSandbox needs Node ${NODE_MAJOR} or newer, and this is Node ${node}`,
        'Run the tests with a newer Node, or start keyfob-sandbox elsewhere and use connectSandbox(url).',
      );
    const thread = new Worker(worker, { workerData: options, execArgv: conditionsOf(process.execArgv) });
    let crash: SandboxProblem | undefined;
    thread.once('error', (error) => (crash = crashed(error)));
    const report = await new Promise<StartReport>((resolve, reject) => {
      thread.once('message', resolve);
      thread.once('exit', () => reject(crash ?? crashed(new Error('its thread has ended'))));
    });
    if (!('url' in report)) {
      await thread.terminate();
      throw new SandboxProblem(report.code, report.detail, report.remedy);
    }
    // A test that forgets to close it ends nevertheless.
    thread.unref();
    const control = createControlClient(report.url, () => crash);
    return openSandbox(control, async () => void (await thread.terminate()));
  };

const crashed = (error: unknown): SandboxProblem => {
  const { message = '' } = (error ?? {}) as { readonly message?: string };
  return new SandboxProblem(
    'crashed',
    `The sandbox has crashed: ${message}`,
    'This is a bug of the sandbox.',
    {
      cause: error,
    },
  );
};

/** The conditions under which packages are resolved; whatever else this process was started with is not for the thread. */
const conditionsOf = (words: readonly string[]): string[] =>
  words.flatMap((word, index) => {
    if (word.startsWith('--conditions=')) return [word];
    return word === '--conditions' || word === '-C' ? [word, words[index + 1] ?? ''] : [];
  });
