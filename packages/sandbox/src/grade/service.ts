import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { EXIT } from './contract.ts';
import type { Ending } from './contract.ts';
import { endEscaped, markRun } from './end-escaped.ts';
import { TOKEN_LIKE } from './program.ts';
import type { Program, ProgramStart, Runner, RunStart } from './program.ts';

/** A service that is graded: it runs on, and answers each need over HTTP. */
export type ServiceStart = { readonly url: string; readonly command: ProgramStart['command'] };

/** The header with the time of the world in milliseconds. */
const NOW_HEADER = 'Keyfob-Now';
/** What the status of an answer stands for, in exit codes of a command. */
const STATUSES: Readonly<Record<number, number>> = { 200: EXIT.token, 503: EXIT.later, 410: EXIT.consent };
/** How long it may take to listen after its start. */
const START_MS = 20_000;
const START_STEP_MS = 30;
const BODY_MAX_CHARACTERS = 65_536;
const STDERR_MAX_CHARACTERS = 65_536;
/** What changes from need to need, and is no reason to start it again. */
const PASSING = new Set(['KEYFOB_NOW', 'KEYFOB_ACCESS_TOKEN', 'KEYFOB_REFRESH_TOKEN', 'KEYFOB_EXPIRES_AT']);

type Running = {
  readonly child: ChildProcess;
  readonly mark: ReturnType<typeof markRun>;
  readonly lasting: string;
  readonly exited: Promise<unknown>;
  readonly errorText: () => string;
  isKilled: boolean;
};

/** Starts the command when it is first needed, and again after a kill or when its variables have changed. */
export const createServiceRunner = ({ url, command }: ServiceStart): Runner => {
  let running: Running | undefined;
  const stop = async (): Promise<void> => {
    if (running === undefined) return;
    kill(running);
    await running.exited;
    running = undefined;
  };
  const ensure = async (environment: RunStart['environment']): Promise<Running | Ending> => {
    const lasting = lastingOf(environment);
    if (running?.lasting !== lasting || running.child.exitCode !== null || running.isKilled) await stop();
    running ??= launch(command, environment, lasting);
    const failed = await waitUntilListening(url, running);
    return failed ?? running;
  };
  // Callers who come at the same moment share one start.
  let starting: Promise<unknown> = Promise.resolve();
  return {
    start(start) {
      const ready = starting.then(() => ensure(start.environment));
      starting = ready.catch(() => {});
      return ask(url, start, ready);
    },
    stop,
  };
};

const lastingOf = (environment: RunStart['environment']): string =>
  JSON.stringify(Object.entries(environment).filter(([name]) => !PASSING.has(name)));

const launch = (
  [program, ...args]: ServiceStart['command'],
  environment: RunStart['environment'],
  lasting: string,
): Running => {
  const mark = markRun();
  const inherited = Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !name.startsWith('KEYFOB_')),
  );
  const child = spawn(program, args, {
    env: { ...inherited, ...environment, ...mark },
    stdio: ['ignore', 'ignore', 'pipe'],
    detached: true,
  });
  let text = '';
  child.stderr?.setEncoding('utf8').on('data', (part: string) => {
    text = (text + part).slice(-STDERR_MAX_CHARACTERS);
  });
  // What has escaped may hold it open, and we would wait for it at our own end.
  (child.stderr as Socket | null)?.unref();
  child.on('error', (error) => (text += String(error)));
  const exited = child.pid === undefined ? Promise.resolve() : once(child, 'exit');
  return { child, mark, lasting, exited, errorText: () => text, isKilled: false };
};

const kill = (running: Running): void => {
  running.isKilled = true;
  const { pid } = running.child;
  if (pid === undefined) return;
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // It has ended.
  }
  endEscaped(running.mark);
};

/** Resolves when something listens at the URL. An ending instead if the command cannot be started, or never listens. */
const waitUntilListening = async (url: string, running: Running): Promise<Ending | undefined> => {
  const { child } = running;
  const until = performance.now() + START_MS;
  while (performance.now() < until) {
    if (child.pid === undefined)
      return { kind: 'not_started', because: `"${child.spawnfile}" could not be started` };
    if (child.exitCode !== null) return { kind: 'strange', how: `exited with ${child.exitCode}` };
    if (await isOpen(new URL(url))) return undefined;
    await sleep(START_STEP_MS);
  }
  return { kind: 'strange', how: `did not listen at ${url} within ${START_MS / 1000} seconds` };
};

/** A connection without a request: a service may take any request for a need. */
const isOpen = async ({ hostname, port, protocol }: URL): Promise<boolean> => {
  const usual = protocol === 'https:' ? 443 : 80;
  const host = hostname.replace(/^\[|\]$/g, '');
  const socket = connect({ host, port: port === '' ? usual : Number(port) });
  try {
    await once(socket, 'connect');
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
};

const ask = (url: string, start: RunStart, ready: Promise<Running | Ending>): Program => {
  let running: Running | undefined;
  let wasKilled = false;
  const program: Pick<Program, 'kill'> = {
    kill() {
      wasKilled = true;
      if (running !== undefined) kill(running);
    },
  };
  const request = async (): Promise<Ending> => {
    const got = await ready;
    if ('kind' in got) return got;
    running = got;
    try {
      const response = await fetch(url, {
        headers: { [NOW_HEADER]: start.environment['KEYFOB_NOW'] ?? '' },
        signal: AbortSignal.any([
          AbortSignal.timeout(start.limitMs),
          start.signal ?? new AbortController().signal,
        ]),
        redirect: 'manual',
      });
      const body = (await response.text()).slice(-BODY_MAX_CHARACTERS);
      if (start.onPrinted !== undefined && TOKEN_LIKE.test(body)) start.onPrinted(program);
      if (wasKilled) return { kind: 'killed' };
      const code = STATUSES[response.status];
      return code === undefined
        ? { kind: 'strange', how: `answered ${response.status}` }
        : { kind: 'exited', code, stdout: body };
    } catch (error) {
      if (wasKilled) return { kind: 'killed' };
      if (error instanceof Error && error.name === 'TimeoutError') {
        kill(got);
        return { kind: 'hung' };
      }
      return { kind: 'strange', how: 'closed the connection without an answer' };
    }
  };
  return { ending: request(), errorText: () => running?.errorText() ?? '', kill: program.kill };
};
