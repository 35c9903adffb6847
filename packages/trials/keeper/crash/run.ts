// npm run crash:keeper -- --cases 1000 --seed 7 --jobs 4
import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { createPrng } from '../../support/prng.ts';
import { runCrashCase } from './crash-case.ts';
import type { CrashCase } from './crash-case.ts';
import { drawCase, wholeMatrix } from './matrix.ts';

const { values } = parseArgs({
  options: {
    cases: { type: 'string', default: '1000' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
    jobs: { type: 'string', default: String(availableParallelism() * 2) },
  },
});
const prng = createPrng(Number(values.seed));
const drawn = Array.from({ length: Number(values.cases) }, () => drawCase(prng));
const cases: CrashCase[] = [...wholeMatrix(), ...drawn].slice(0, Number(values.cases));

const figures = { cases: 0, kept: 0, lostUnavoidably: 0, lostAvoidably: 0, requests: 0 };
const faults: string[] = [];
const work = async (): Promise<void> => {
  for (let one = cases.shift(); one !== undefined; one = cases.shift()) {
    const report = await runCrashCase(one);
    figures.cases += 1;
    figures.requests += report.requests;
    if (report.outcome === 'kept') figures.kept += 1;
    else if (report.isAvoidable) figures.lostAvoidably += 1;
    else figures.lostUnavoidably += 1;
    for (const fault of report.faults) faults.push(`${JSON.stringify(one)}: ${fault}`);
    if (process.stderr.isTTY) process.stderr.write(`\r${figures.cases} of ${values.cases} cases`);
  }
};
await Promise.all(Array.from({ length: Number(values.jobs) }, work));
console.log(JSON.stringify({ seed: Number(values.seed), ...figures, faults }, undefined, 2));
process.exit(faults.length === 0 ? 0 : 1);
