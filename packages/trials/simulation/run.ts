import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { STORE_NAMES } from './store-backends.ts';
import { mutationsOf, openLives } from './run-seeds.ts';
import type { Subject } from './run-seeds.ts';
import type { Outcome } from './simulate.ts';

const HELP = `Simulates a deployment, one seed after another, and checks what its documents promise.

Usage: node --conditions=keyfob-source packages/trials/simulation/run.ts [options]

  --seeds <number>   how many seeds (default: 500)
  --from <seed>      the first of them (default: 1)
  --seed <seed>      this one only, with everything that happens in it
  --store <name>     what it is lived on: memory, sqlite or postgres, the real ones (default: memory). A seed lives the same
                     life on each, but that nodes on postgres may see a change of a client a second late
  --codes            how owners' codes are exchanged, instead of refreshes
  --mutation <name>  plant a bug first, and end well if it is found; "list" names them
  --jobs <number>    processes at a time (default: 1)
  --json             one line of JSON for each failing seed, and one in the end
  --help             this text

Ends with 1 where a seed failed; the same seed fails again in the same way. Keep it as fixtures/simulation/<seed>.json.
`;

type Run = Subject & { readonly from: number; readonly seeds: number };
type Sums = { seeds: number; presentations: number; grants: number; failed: Outcome[] };

/** What a child process says: how far it is, or which seed failed. */
type Line =
  | { readonly failed: Outcome }
  | { readonly seeds: number; readonly presentations: number; readonly grants: number };

const runSeeds = async (run: Run, tell: (line: Line) => void): Promise<void> => {
  const { live, close } = await openLives(run);
  try {
    for (let seed = run.from; seed < run.from + run.seeds; seed++) {
      const outcome = await live(seed);
      if (outcome.violations.length > 0) tell({ failed: outcome });
      tell({ seeds: 1, presentations: outcome.presentations, grants: outcome.grants });
      if (run.mutation !== undefined && outcome.violations.length > 0) return;
    }
  } finally {
    await close();
  }
};

/** The same in a process of its own, which says the same by lines of JSON. */
const runSeedsApart = async (
  { from, seeds, store, isOfCodes }: Run,
  tell: (line: Line) => void,
): Promise<void> => {
  const args = ['--child', '--from', String(from), '--seeds', String(seeds), '--store', store];
  if (isOfCodes) args.push('--codes');
  const script = fileURLToPath(import.meta.url);
  const child = spawn(process.execPath, [...process.execArgv, script, ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = new Promise<number | null>((resolve) => child.on('close', resolve));
  for await (const line of createInterface({ input: child.stdout })) tell(JSON.parse(line) as Line);
  const code = await ended;
  if (code !== 0) throw new Error(`a process of the simulation ended with ${code}`);
};

const BAR = 30;

const showProgress = (sums: Sums, total: number, startedMs: number): void => {
  if (!process.stderr.isTTY) return;
  const filled = Math.round((sums.seeds / total) * BAR);
  const rate = Math.round((sums.seeds * 1000) / Math.max(1, performance.now() - startedMs));
  const bar = `${'#'.repeat(filled)}${'.'.repeat(BAR - filled)}`;
  process.stderr.write(
    `\r[${bar}] ${sums.seeds}/${total} seeds, ${rate}/s, ${sums.failed.length} failed\x1b[K`,
  );
};

const runAll = async (run: Run, jobs: number, isJson: boolean): Promise<number> => {
  const startedMs = performance.now();
  const sums: Sums = { seeds: 0, presentations: 0, grants: 0, failed: [] };
  const tell = (line: Line): void => {
    if ('failed' in line) {
      sums.failed.push(line.failed);
      process.stdout.write(isJson ? `${JSON.stringify(line.failed)}\n` : `${describeFailure(line.failed)}\n`);
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
  await Promise.all(parts.map((part) => (jobs === 1 ? runSeeds(part, tell) : runSeedsApart(part, tell))));
  if (process.stderr.isTTY) process.stderr.write('\r\x1b[K');
  const seconds = (performance.now() - startedMs) / 1000;
  const { seeds, presentations, grants, failed } = sums;
  const rate = Number((seeds / seconds).toFixed(1));
  const presentationRate = Math.round(presentations / seconds);
  process.stdout.write(
    isJson
      ? `${JSON.stringify({ seeds, presentations, grants, failed: failed.length, seconds: Math.round(seconds), rate, presentationRate })}\n`
      : `${seeds} seeds, ${grants} grants, ${presentations} presentations in ${Math.round(seconds)} s (${rate} seeds and ${presentationRate} presentations/s): ${failed.length} failed\n`,
  );
  return failed.length;
};

const describeFailure = ({ seed, violations, faults }: Outcome): string =>
  [
    `seed ${seed} failed (${faults.join(' ')})`,
    ...violations.map(({ checker, what }) => `  ${checker}: ${what}`),
  ].join('\n');

const wholeNumber = (text: string, name: string): number => {
  if (!/^[0-9]{1,10}$/.test(text)) throw new Error(`--${name} must be a whole number`);
  return Number(text);
};

const print = (line: string): void => void process.stdout.write(`${line}\n`);

const storeNamed = (text: string): Subject['store'] => {
  const store = STORE_NAMES.find((name) => name === text);
  if (store === undefined) throw new Error(`--store must be one of ${STORE_NAMES.join(', ')}`);
  return store;
};

/** One seed, with everything that happens in it. */
const runOne = async (subject: Subject, seed: number, isJson: boolean): Promise<number> => {
  const { live, close } = await openLives(subject);
  try {
    const outcome = await live(seed, isJson ? undefined : print);
    print(isJson ? JSON.stringify(outcome) : `${outcome.violations.length} violations`);
    return outcome.violations.length === 0 ? 0 : 1;
  } finally {
    await close();
  }
};

const main = async (): Promise<number> => {
  const { values } = parseArgs({
    options: {
      seeds: { type: 'string', default: '500' },
      from: { type: 'string', default: '1' },
      seed: { type: 'string' },
      store: { type: 'string', default: 'memory' },
      codes: { type: 'boolean', default: false },
      mutation: { type: 'string' },
      jobs: { type: 'string', default: '1' },
      json: { type: 'boolean', default: false },
      child: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  if (values.help) {
    process.stdout.write(HELP);
    return 0;
  }
  const { mutation } = values;
  const subject = { isOfCodes: values.codes, store: storeNamed(values.store), mutation };
  if (mutation === 'list') {
    for (const { name, file, seed } of mutationsOf(subject))
      print(`${name}  (${file}, found by seed ${seed})`);
    return 0;
  }
  if (values.seed !== undefined) return runOne(subject, wholeNumber(values.seed, 'seed'), values.json);
  const run = {
    ...subject,
    from: wholeNumber(values.from, 'from'),
    seeds: wholeNumber(values.seeds, 'seeds'),
  };
  if (values.child) {
    await runSeeds(run, (line) => print(JSON.stringify(line)));
    return 0;
  }
  const jobs = mutation === undefined ? wholeNumber(values.jobs, 'jobs') : 1;
  const failed = await runAll(run, jobs, values.json);
  return failed > 0 === (mutation !== undefined) ? 0 : 1;
};

try {
  process.exitCode = await main();
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 2;
}
