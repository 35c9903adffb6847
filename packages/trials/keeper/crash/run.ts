// npm run crash:keeper -- --help
import { parseArgs } from 'node:util';
import { createProgressBar } from '../../support/progress-bar.ts';
import { runCrashCase } from './crash-case.ts';
import { caseOf } from './matrix.ts';
import { openPostgresPlaces, openSqlitePlaces } from './place.ts';
import type { Places, StoreName } from './place.ts';

const HELP = `Kills keepers at every step of a refresh, and looks at what the next one can do with the grant.

  --cases <number>   how many cases, one per seed (default: 1000)
  --seed <number>    the first seed (default: by the clock). --seed N --cases 1 runs a failed case again
  --store <name>     sqlite or postgres (default: sqlite)
  --jobs <number>    so many cases at once (default: 4). On postgres each job has a server of its own

Exits with 1 if a promise was broken.
`;

const { values } = parseArgs({
  options: {
    cases: { type: 'string', default: '1000' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
    store: { type: 'string', default: 'sqlite' },
    jobs: { type: 'string', default: '4' },
    help: { type: 'boolean', short: 'h', default: false },
  },
});

const refuse = (text: string): never => {
  process.stderr.write(`${text}\n`);
  process.exit(2);
};

const wholeNumber = (name: 'cases' | 'seed' | 'jobs'): number =>
  /^\d{1,9}$/.test(values[name]) ? Number(values[name]) : refuse(`--${name} must be a whole number`);

const openPlaces = async (store: StoreName): Promise<Places> => {
  const places = store === 'sqlite' ? openSqlitePlaces() : await openPostgresPlaces();
  return 'reason' in places ? refuse(places.reason) : places;
};

/** Returns whether every promise was kept. */
const run = async (): Promise<boolean> => {
  const { store } = values;
  if (store !== 'sqlite' && store !== 'postgres') return refuse('--store must be sqlite or postgres');
  const [count, firstSeed] = [wholeNumber('cases'), wholeNumber('seed')];
  const seeds = Array.from({ length: count }, (_, index) => firstSeed + index);
  const figures = { cases: 0, kept: 0, lostUnavoidably: 0, lostAvoidably: 0, requests: 0 };
  const failures: Record<string, number> = {};
  const faults: string[] = [];
  const bar = createProgressBar('cases');
  process.stderr.write(`seeds ${firstSeed} to ${firstSeed + count - 1} on ${store}\n`);
  const work = async (): Promise<void> => {
    const places = await openPlaces(store);
    try {
      for (let seed = seeds.shift(); seed !== undefined; seed = seeds.shift()) {
        const one = caseOf(seed, store, places.missing);
        const report = await runCrashCase(one, places);
        figures.cases += 1;
        figures.requests += report.requests;
        failures[one.failure] = (failures[one.failure] ?? 0) + 1;
        if (report.outcome === 'kept') figures.kept += 1;
        else if (report.isAvoidable) figures.lostAvoidably += 1;
        else figures.lostUnavoidably += 1;
        for (const fault of report.faults) faults.push(`${fault}: ${JSON.stringify(one)}`);
        bar.show(figures.cases, count);
      }
    } finally {
      await places.close();
    }
  };
  await Promise.all(Array.from({ length: wholeNumber('jobs') }, work));
  bar.end();
  console.log(JSON.stringify({ store, seed: firstSeed, ...figures, failures, faults }, undefined, 2));
  return faults.length === 0;
};

if (values.help) process.stdout.write(HELP);
else process.exitCode = (await run()) ? 0 : 1;
