import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { clearProgress, describeFailure, showProgress, summarize } from './progress.ts';
import type { Sums } from './progress.ts';
import { mutationsFor, openSeedRunner } from './run-seeds.ts';
import type { Setup } from './run-seeds.ts';
import type { Outcome } from './simulate.ts';
import { STORE_NAMES } from './store-backends.ts';

const HELP = `Simulates a deployment, one seed after another, and checks the promises of its documents.

Usage: node --conditions=keyfob-source packages/trials/simulation/run.ts [options]

  --seeds <number>   how many seeds (default: 500)
  --from <seed>      the first seed (default: 1)
  --seed <seed>      run only this seed, and print every step
  --store <name>     the store: memory, sqlite or postgres (default: memory). A seed has the same steps on each store,
                     except that nodes on postgres may see a change of a client one second late
  --mutation <name>  plant a bug first, and succeed if a seed finds it; "list" prints the names
  --devices          devices ask for codes and poll (RFC 8628), while stores and nodes fail; on the store in memory
  --clocks           only the clock is wrong: it drifts, and it jumps by minutes and by many days
  --jobs <number>    number of processes (default: 1)
  --json             print one line of JSON per failed seed, and one at the end
  --help             print this text

Exits with 1 if a seed failed. The same seed always fails in the same way. Keep it as fixtures/simulation/<seed>.json.
`;

type Run = Setup & { readonly from: number; readonly seeds: number };

/** A line of a child process: the progress of one seed, or a failed seed. */
type Line =
  | { readonly failed: Outcome }
  | { readonly seeds: number; readonly presentations: number; readonly grants: number };

const runSeeds = async (run: Run, report: (line: Line) => void): Promise<void> => {
  const runner = await openSeedRunner(run);
  try {
    for (let seed = run.from; seed < run.from + run.seeds; seed++) {
      const outcome = await runner.run(seed);
      if (outcome.violations.length > 0) report({ failed: outcome });
      report({ seeds: 1, presentations: outcome.presentations, grants: outcome.grants });
      if (run.mutation !== undefined && outcome.violations.length > 0) return;
    }
  } finally {
    await runner.close();
  }
};

/** Runs seeds in a child process, which writes lines of JSON. */
const runInChild = async (
  { from, seeds, store, hasWrongClocks, hasDevices }: Run,
  report: (line: Line) => void,
): Promise<void> => {
  const args = ['--child', '--from', String(from), '--seeds', String(seeds), '--store', store];
  if (hasWrongClocks) args.push('--clocks');
  if (hasDevices) args.push('--devices');
  const script = fileURLToPath(import.meta.url);
  const child = spawn(process.execPath, [...process.execArgv, script, ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = new Promise<number | null>((resolve) => child.on('close', resolve));
  for await (const line of createInterface({ input: child.stdout })) report(JSON.parse(line) as Line);
  const code = await ended;
  if (code !== 0) throw new Error(`a simulation process exited with ${code}`);
};

const print = (line: string): void => void process.stdout.write(`${line}\n`);

/** Returns the number of failed seeds. */
const runAll = async (run: Run, jobs: number, isJson: boolean): Promise<number> => {
  const startedMs = performance.now();
  const sums: Sums = { seeds: 0, presentations: 0, grants: 0, failed: [] };
  const report = (line: Line): void => {
    if ('failed' in line) {
      sums.failed.push(line.failed);
      print(describeFailure(line.failed, isJson));
    } else {
      sums.seeds += line.seeds;
      sums.presentations += line.presentations;
      sums.grants += line.grants;
    }
    showProgress(sums, run.seeds, startedMs);
  };
  const share = Math.ceil(run.seeds / jobs);
  const parts = Array.from({ length: jobs }, (_, at) => ({
    ...run,
    from: run.from + at * share,
    seeds: Math.max(0, Math.min(share, run.seeds - at * share)),
  }));
  await Promise.all(parts.map((part) => (jobs === 1 ? runSeeds(part, report) : runInChild(part, report))));
  clearProgress();
  print(summarize(sums, startedMs, isJson));
  return sums.failed.length;
};

const wholeNumber = (text: string, name: string): number => {
  if (!/^[0-9]{1,10}$/.test(text)) throw new Error(`--${name} must be a whole number`);
  return Number(text);
};

const storeNamed = (text: string): Setup['store'] => {
  const store = STORE_NAMES.find((name) => name === text);
  if (store === undefined) throw new Error(`--store must be one of ${STORE_NAMES.join(', ')}`);
  return store;
};

/** Runs one seed and prints every step. */
const runOne = async (setup: Setup, seed: number, isJson: boolean): Promise<number> => {
  const runner = await openSeedRunner(setup);
  try {
    const outcome = await runner.run(seed, isJson ? undefined : print);
    print(isJson ? JSON.stringify(outcome) : `${outcome.violations.length} violations`);
    return outcome.violations.length === 0 ? 0 : 1;
  } finally {
    await runner.close();
  }
};

const readOptions = () =>
  parseArgs({
    options: {
      seeds: { type: 'string', default: '500' },
      from: { type: 'string', default: '1' },
      seed: { type: 'string' },
      store: { type: 'string', default: 'memory' },
      mutation: { type: 'string' },
      jobs: { type: 'string', default: '1' },
      clocks: { type: 'boolean', default: false },
      devices: { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
      child: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
    },
  }).values;

const main = async (): Promise<number> => {
  const options = readOptions();
  if (options.help) {
    process.stdout.write(HELP);
    return 0;
  }
  const setup = {
    store: storeNamed(options.store),
    mutation: options.mutation,
    hasWrongClocks: options.clocks,
    hasDevices: options.devices,
  };
  if (setup.mutation === 'list') {
    for (const { name, file, seed } of mutationsFor(setup))
      print(`${name}  (${file}, found by seed ${seed})`);
    return 0;
  }
  if (options.seed !== undefined) return runOne(setup, wholeNumber(options.seed, 'seed'), options.json);
  const run = {
    ...setup,
    from: wholeNumber(options.from, 'from'),
    seeds: wholeNumber(options.seeds, 'seeds'),
  };
  if (options.child) {
    await runSeeds(run, (line) => print(JSON.stringify(line)));
    return 0;
  }
  const jobs = setup.mutation === undefined ? wholeNumber(options.jobs, 'jobs') : 1;
  const failed = await runAll(run, jobs, options.json);
  return failed > 0 === (setup.mutation !== undefined) ? 0 : 1;
};

try {
  process.exitCode = await main();
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 2;
}
