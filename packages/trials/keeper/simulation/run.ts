// npm run sim:keeper -- --help
import { parseArgs } from 'node:util';
import { importMutated } from '../../support/mutation.ts';
import { createProgressBar } from '../../support/progress-bar.ts';
import { KEEPER_MUTATIONS } from './mutations.ts';
import { PROVIDER_KINDS } from './plan.ts';
import type * as Simulation from './simulate.ts';

const HELP = `Simulates keepers on one store, one seed after another, and checks what is promised.

  --steps <number>    so many steps in all (default: 100000)
  --each <number>     so many steps per seed (default: 3000)
  --seed <number>     the first seed (default: 1)
  --kind <name>       the provider, instead of one that the seed draws: ${PROVIDER_KINDS.slice(0, 3).join(', ')},
                      ${PROVIDER_KINDS.slice(3).join(', ')}
  --only              this seed only, with every line of its story
  --mutation <name>   plant a bug first, and succeed if a seed finds it; "list" prints the names,
                      "all" plants each in turn, with the seed that finds it

Exits with 1 if a promise was broken. The same seed always fails in the same way.
`;

const { values } = parseArgs({
  options: {
    steps: { type: 'string', default: '100000' },
    each: { type: 'string', default: '3000' },
    seed: { type: 'string', default: '1' },
    kind: { type: 'string' },
    only: { type: 'boolean', default: false },
    mutation: { type: 'string' },
    help: { type: 'boolean', short: 'h', default: false },
  },
});

const refuse = (text: string): never => {
  process.stderr.write(`${text}\n`);
  process.exit(2);
};

const readKind = (): (typeof PROVIDER_KINDS)[number] | undefined => {
  const { kind: name } = values;
  if (name === undefined) return undefined;
  const known = PROVIDER_KINDS.find((one) => one === name);
  return known ?? refuse(`--kind must be one of ${PROVIDER_KINDS.join(', ')}`);
};

const URL_OF_SIMULATION = new URL('simulate.ts', import.meta.url).href;

const load = async (): Promise<typeof Simulation> => {
  if (values.mutation === undefined) return (await import(URL_OF_SIMULATION)) as typeof Simulation;
  const found = KEEPER_MUTATIONS.find(({ name }) => name === values.mutation);
  return importMutated(
    found ?? refuse(`unknown mutation "${values.mutation}"; see --mutation list`),
    URL_OF_SIMULATION,
  );
};

const ALL_STEPS = 3000;

/** Plants every bug in turn. Returns whether each was found by its seed, which finds nothing without it. */
const plantAll = async (): Promise<boolean> => {
  const { simulate } = (await import(URL_OF_SIMULATION)) as typeof Simulation;
  let isWell = true;
  for (const mutation of KEEPER_MUTATIONS) {
    const { name, seed } = mutation;
    const mutated = await importMutated<typeof Simulation>(mutation, URL_OF_SIMULATION);
    const [found] = (await mutated.simulate({ seed, steps: ALL_STEPS })).faults;
    const [other] = (await simulate({ seed, steps: ALL_STEPS })).faults;
    isWell &&= found !== undefined && other === undefined;
    console.log(`seed ${seed}, ${name}: ${found ?? 'NOT FOUND'}`);
    if (other !== undefined) console.log(`  without it: ${other}`);
  }
  return isWell;
};

/** Returns how many seeds broke a promise. */
const run = async (): Promise<number> => {
  const kind = readKind();
  const { simulate } = await load();
  const each = Number(values.each);
  const wanted = values.only ? 1 : Number(values.steps);
  const sums = { seeds: 0, steps: 0, hours: 0, sends: 0, kills: 0, deaths: 0, failed: 0 };
  const bar = createProgressBar('steps');
  const startedMs = performance.now();
  for (let seed = Number(values.seed); sums.steps < wanted; seed++) {
    const report = await simulate({ seed, kind, steps: each, report: values.only ? console.log : undefined });
    sums.seeds += 1;
    sums.steps += report.steps;
    for (const name of ['hours', 'sends', 'kills', 'deaths'] as const) sums[name] += report[name];
    bar.show(sums.steps, wanted);
    if (report.faults.length === 0) continue;
    sums.failed += 1;
    bar.end();
    console.log(JSON.stringify({ seed, ...report }));
    if (values.mutation !== undefined) break;
  }
  bar.end();
  const seconds = (performance.now() - startedMs) / 1000;
  console.log(JSON.stringify({ ...sums, stepsPerSecond: Math.round(sums.steps / seconds) }));
  return sums.failed;
};

if (values.help) process.stdout.write(HELP);
else if (values.mutation === 'list')
  for (const { name, file, seed } of KEEPER_MUTATIONS)
    console.log(`${name}  (${file}, found by seed ${seed})`);
else if (values.mutation === 'all') process.exitCode = (await plantAll()) ? 0 : 1;
else process.exitCode = (await run()) > 0 === (values.mutation !== undefined) ? 0 : 1;
