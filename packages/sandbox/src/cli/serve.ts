import { DEFAULT_DIALECT } from '@keyfob/server/dialects';
import type { Sandbox, SandboxOptions } from '../exports/index.ts';
import { findScenario, SandboxError, showStarted, startScenario } from '../exports/index.ts';
import { runWith } from './exec.ts';
import { describeRequestLine } from './request-line.ts';
import { describeScenarioStart } from './scenario-text.ts';
import { describeStart } from './start-text.ts';

export type ServeOptions = {
  readonly host: string;
  /** With `exec`, a free one by default, so that runs do not disturb each other. */
  readonly port?: string;
  readonly publicUrl?: string;
  readonly allowHost?: readonly string[];
  readonly clock?: string;
  readonly seed?: string;
  readonly scenario?: string;
  readonly dialect?: string;
  readonly json?: boolean;
  readonly exec?: string;
  readonly environment?: string;
  readonly quiet?: boolean;
};

/**
 * Runs the sandbox until it is asked to stop, and writes a line for every request; with `exec`, for as long as that command
 * runs, and with its exit code.
 */
export const serve = async (
  options: ServeOptions,
  start: (options: SandboxOptions) => Promise<Sandbox>,
): Promise<void> => {
  const { host, clock, seed, exec, json = false } = options;
  requireScenario(options);
  const sandbox = await start({
    host,
    port: readPort(options.port ?? (exec === undefined ? DEFAULT_PORT : '0')),
    allowedHosts: options.allowHost ?? [],
    ...(options.publicUrl === undefined ? {} : { publicUrl: readUrl(options.publicUrl) }),
    defaultWorld: {
      clock: clock ?? { mode: 'running', rate: 1 },
      ...(seed === undefined ? {} : { seed }),
    },
  });
  try {
    if (exec !== undefined)
      process.exitCode = await runWith(sandbox, exec, { environment: options.environment, json });
    else await serveUntilStopped(sandbox, options);
  } finally {
    await sandbox.close();
  }
};

const serveUntilStopped = async (sandbox: Sandbox, options: ServeOptions): Promise<void> => {
  const { scenario, dialect = DEFAULT_DIALECT, json = false, quiet = false } = options;
  const started =
    scenario === undefined ? undefined : await startScenario(sandbox.defaultWorld(), scenario, { dialect });
  if (json) {
    write(JSON.stringify({ event: 'listening', url: sandbox.url }));
    if (started !== undefined) write(JSON.stringify({ event: 'scenario', ...showStarted(started) }));
  } else if (started === undefined) write(await describeStart(sandbox));
  else write(describeScenarioStart(sandbox, started));
  sandbox.worlds.follow((world, entry) => {
    if (entry.stage === 'ended' && !quiet) write(describeRequestLine(world, entry, { json }));
  });
  await untilStopped();
};

/** Throws `SandboxError` before anything listens. */
const requireScenario = ({ scenario, exec }: ServeOptions): void => {
  if (scenario === undefined) return;
  findScenario(scenario);
  if (exec !== undefined)
    throw new SandboxError(
      'input_invalid',
      '--scenario is for a person, and --exec for tests',
      'Have the test start it: POST …/worlds/WORLD/scenarios/NAME.',
    );
};

const write = (text: string): void => void process.stdout.write(`${text}\n`);

const DEFAULT_PORT = '8788';
const PORT_MAX = 65_535;

const readPort = (text: string): number => {
  const port = Number(text);
  if (/^\d{1,5}$/.test(text) && port <= PORT_MAX) return port;
  throw new SandboxError('input_invalid', `--port ${text} is not a port`, 'Use a number from 0 to 65535.');
};

const readUrl = (text: string): string => {
  if (URL.canParse(text) && /^https?:$/.test(new URL(text).protocol)) return text;
  const remedy = 'Use one such as http://localhost:8788.';
  throw new SandboxError('input_invalid', `--public-url ${text} is no URL`, remedy);
};

/** Resolves at the first signal that asks the process to end; a later one ends it at once. */
const untilStopped = (): Promise<void> =>
  new Promise((resolve) => {
    for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const)
      process.once(signal, () => {
        process.once(signal, () => process.exit(1));
        resolve();
      });
  });
