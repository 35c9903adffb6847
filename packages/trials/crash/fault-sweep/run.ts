// Injects faults into the store's I/O: call n fails, for n = 1, 2, 3 ... until a run finishes without a fault. The tests
// import this file and run a part of the sweep. See --help for the complete sweep.
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { checkStore, followRun } from './check.ts';
import type { Line } from './swept-process.ts';
import { buildShim, faultEnvironment } from './shim.ts';

/** The kinds of fault: the error, and whether it lasts. */
export const KINDS = {
  'eio-once': { errno: 'EIO', lasts: false },
  'eio-lasting': { errno: 'EIO', lasts: true },
  'enospc-once': { errno: 'ENOSPC', lasts: false },
  'enospc-lasting': { errno: 'ENOSPC', lasts: true },
} as const;
export type Kind = keyof typeof KINDS;
const KIND_NAMES = Object.keys(KINDS) as readonly Kind[];

/** How a run ends: it closes the store, or the process dies with the store open. */
export type Ending = 'close' | 'die';

/** One run with its fault and its result. */
export type SweptRun = {
  readonly kind: Kind;
  readonly at: number;
  readonly ending: Ending;
  /** The first call that failed, such as `sync keyfob.db-wal`; `undefined` if no call failed. */
  readonly failedCall: string | undefined;
  readonly calls: number;
  readonly unknownOutcomes: number;
  /** Whether a step reported as `outcome_unknown` took effect. */
  readonly unknownStepTookEffect: boolean;
  readonly violations: readonly string[];
};

const RUN_FILE = fileURLToPath(new URL('./swept-process.ts', import.meta.url));

type Exit = {
  readonly stdout: string;
  readonly stderr: string;
  readonly signal: string | null;
  code: number | null;
};

const runChild = async (path: string, ending: Ending, env: NodeJS.ProcessEnv): Promise<Exit> =>
  new Promise((resolve, reject) => {
    const args = ['--conditions=keyfob-source', RUN_FILE, path, ending];
    const child = spawn(process.execPath, args, { env, stdio: ['ignore', 'pipe', 'pipe'] });
    let [stdout, stderr] = ['', ''];
    child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
    child.once('error', reject);
    child.once('close', (code, signal) => resolve({ stdout, stderr, signal, code }));
  });

const checkExit = ({ code, signal, stderr }: Exit, ending: Ending): readonly string[] => {
  const isExpected = ending === 'die' ? signal === 'SIGKILL' : code === 0;
  return isExpected ? [] : [`the process exited with ${signal ?? code}: ${stderr}`];
};

/** Runs a separate process whose call `at` fails, then reopens and checks its store. */
export const sweepOne = async (shim: string, kind: Kind, at: number, ending: Ending): Promise<SweptRun> => {
  const directory = mkdtempSync(join(tmpdir(), 'fault-sweep-'));
  try {
    const path = join(directory, 'keyfob.db');
    const log = join(directory, 'calls.log');
    const exit = await runChild(path, ending, faultEnvironment(shim, { ...KINDS[kind], at }, log));
    const lines = exit.stdout
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as Line);
    const acknowledged = followRun(lines);
    const check = await checkStore(path, acknowledged);
    const calls = existsSync(log) ? readFileSync(log, 'utf8').trim().split('\n') : [];
    return {
      kind,
      at,
      ending,
      failedCall: calls
        .find((call) => call.endsWith(' failed'))
        ?.split(' ')
        .slice(1, 3)
        .join(' '),
      calls: calls.length,
      unknownOutcomes: lines.filter((line) => 'thrown' in line && line.thrown === 'outcome_unknown').length,
      unknownStepTookEffect: check.unknownStepTookEffect,
      violations: [
        ...checkExit(exit, ending),
        ...(calls.length === 0 ? ['no call was logged: the shim was not loaded'] : []),
        ...acknowledged.violations,
        ...check.violations,
      ],
    };
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
};

export type SweepOptions = {
  readonly kind: Kind;
  readonly from?: number;
  readonly to?: number;
  readonly step?: number;
  /** By default, the two endings alternate. */
  readonly ending?: Ending | undefined;
  /** Called after every run. */
  readonly onRun?: (run: SweptRun) => void;
};

const WORKERS = 2;

/** Runs once for every call from `from`, until no call fails in a run, or `to` is reached. */
export const sweep = async (shim: string, options: SweepOptions): Promise<readonly SweptRun[]> => {
  const { kind, from = 1, to = Number.POSITIVE_INFINITY, step = 1, ending, onRun } = options;
  const runs: SweptRun[] = [];
  let [next, isOver] = [from, false];
  const work = async (): Promise<void> => {
    while (!isOver && next <= to) {
      const at = next;
      next += step;
      const alternating = Math.floor((at - from) / step) % 2 === 0 ? 'close' : 'die';
      const run = await sweepOne(shim, kind, at, ending ?? alternating);
      // A run that closes its store makes the most calls, so only such a run shows that no call is left.
      isOver ||= run.failedCall === undefined && (run.ending === 'close' || ending === 'die');
      runs.push(run);
      onRun?.(run);
    }
  };
  await Promise.all(Array.from({ length: WORKERS }, work));
  return runs.sort((left, right) => left.at - right.at);
};

/** Summarizes a sweep in one line. */
export const summarize = (runs: readonly SweptRun[]): string => {
  const faulty = runs.filter((run) => run.failedCall !== undefined);
  const unknown = runs.filter((run) => run.unknownOutcomes > 0);
  const parts = [
    `${runs.length} runs, ${faulty.length} with a fault`,
    `${unknown.length} with an unknown outcome, of which ${unknown.filter((run) => run.unknownStepTookEffect).length} took effect`,
    `${runs.filter((run) => run.violations.length > 0).length} with violations`,
  ];
  return parts.join('; ');
};

/** Describes a run with violations and the options that repeat it. */
export const describeViolations = ({ kind, at, ending, failedCall, violations }: SweptRun): string => {
  const options = `--kind ${kind} --from ${at} --to ${at} --ending ${ending}`;
  return `${options} (${failedCall ?? 'no fault'})\n  ${violations.join('\n  ')}`;
};

const HELP = `Makes call n of the store's I/O fail, for n = 1, 2, 3 ... until a run finishes without a fault. Checks the store after
each run.

Usage: node --conditions=keyfob-source packages/trials/crash/fault-sweep/run.ts [options]

  --kind KIND     ${KIND_NAMES.join(', ')} or all (default all)
  --from N        first call to fail (default 1)
  --to N          last call to fail (default: until a run has no fault)
  --step N        only every Nth call (default 1)
  --ending HOW    close, die or both: how the process ends (default both, alternating)
  --help          print this

Exit codes: 0 no violations, 1 violations, 2 usage error.`;

const readNumber = (name: string, text: string | undefined): number | undefined => {
  if (text === undefined) return undefined;
  if (!/^[1-9][0-9]{0,6}$/.test(text)) throw new TypeError(`--${name} must be a whole number from 1`);
  return Number(text);
};

const pick = <Name extends string>(name: string, names: readonly Name[], text: string): Name => {
  const picked = names.find((known) => known === text);
  if (picked === undefined) throw new TypeError(`--${name} must be one of ${names.join(', ')}`);
  return picked;
};

const readOptions = () => {
  const text = { type: 'string' } as const;
  const options = {
    kind: text,
    from: text,
    to: text,
    step: text,
    ending: text,
    help: { type: 'boolean' },
  } as const;
  const { values } = parseArgs({ options });
  const kind = pick('kind', [...KIND_NAMES, 'all'], values.kind ?? 'all');
  const ending = pick('ending', ['close', 'die', 'both'], values.ending ?? 'both');
  return {
    isHelp: values.help === true,
    kinds: kind === 'all' ? KIND_NAMES : [kind],
    endings: ending === 'both' ? [undefined] : [ending],
    from: readNumber('from', values.from) ?? 1,
    to: readNumber('to', values.to) ?? Number.POSITIVE_INFINITY,
    step: readNumber('step', values.step) ?? 1,
  };
};

const main = async (): Promise<number> => {
  let options: ReturnType<typeof readOptions>;
  try {
    options = readOptions();
  } catch (error) {
    console.error(`${(error as Error).message}\n\n${HELP}`);
    return 2;
  }
  const { isHelp, kinds, endings, from, to, step } = options;
  if (isHelp) {
    console.log(HELP);
    return 0;
  }
  const shim = buildShim();
  if ('missing' in shim) {
    console.error(shim.missing);
    return 1;
  }
  let violating = 0;
  for (const kind of kinds) {
    for (const ending of endings) {
      const runs = await sweep(shim.path, { kind, from, to, step, ending });
      console.log(`${kind}: ${summarize(runs)}`);
      for (const run of runs.filter(({ violations }) => violations.length > 0)) {
        violating++;
        console.log(describeViolations(run));
      }
    }
  }
  return violating === 0 ? 0 : 1;
};

if (import.meta.main) process.exitCode = await main();
