import { createProgressBar } from '../support/progress-bar.ts';
import { drawCharts } from './chart.ts';
import { shareCores } from './cores.ts';
import { writeChart, writeSection } from './docs.ts';
import { WrongAnswer } from './generator-process.ts';
import { describeMachine, readMachine } from './machine.ts';
import { HELP, readOptions, UsageError } from './options.ts';
import { compareTargets, proveGenerator } from './ratios.ts';
import { writeReport } from './report.ts';
import { runRounds } from './rounds.ts';
import type { Measured, Plan } from './rounds.ts';
import { ON_POSTGRES } from './targets/target.ts';
import type { TargetName } from './targets/target.ts';
import { TARGETS } from './targets/targets.ts';

/** Where a chart has room for one number of connections only. */
const CHART_CONNECTIONS = 64;

const main = async (args: readonly string[]): Promise<number> => {
  const { plan, isJson, writesDocs, wantsHelp } = readOptions(args);
  if (wantsHelp) {
    console.log(HELP);
    return 0;
  }
  const machine = readMachine();
  const { note: pinning, pin } = shareCores();
  const bar = createProgressBar('measurements');
  const measured = await runRounds(plan, { pin, onProgress: bar.show }).finally(bar.end);
  const command = ['npm run bench', ...(args.length > 0 ? ['--', ...args] : [])].join(' ');
  const head = `\`${command}\`: ${describeMachine(machine)}`;
  const proof = proveGenerator(measured.measurements);
  if (isJson) {
    const ratios = compareTargets(measured.measurements);
    console.log(JSON.stringify({ machine, command, plan, pinning, proof, ratios, ...measured }, null, 2));
  } else console.log(reportOf(measured, { head, plan, pinning }));
  if (writesDocs && proof.verdict !== 'failed') writeSections(measured, { head, plan, pinning });
  return proof.verdict === 'failed' ? 1 : 0;
};

type Circumstances = { readonly head: string; readonly plan: Plan; readonly pinning: string };

const reportOf = (
  { measurements, skipped, notes }: Measured,
  { head, plan, pinning }: Circumstances,
): string =>
  writeReport(measurements, compareTargets(measurements), [
    head,
    `Median of ${plan.rounds} (a measurement: ${plan.measureMs / 1000} s), least and most in parentheses; ${pinning}. ${proveGenerator(measurements).text}`,
    ...entriesOf(notes).map(([name, note]) => `${TARGETS[name].title}: ${note}.`),
    ...entriesOf(skipped).map(([name, why]) => `SKIPPED ${name}: ${why}.`),
  ]);

/** What is told of SQLite and of memory in one section, of PostgreSQL in another; one of which nothing was measured stays. */
const writeSections = (measured: Measured, circumstances: Circumstances): void => {
  const { connections } = circumstances.plan;
  const embedded = onlyOf(measured, (name) => !ON_POSTGRES.has(name));
  if (hasMoreThanEcho(embedded)) {
    const shown = connections.includes(CHART_CONNECTIONS) ? CHART_CONNECTIONS : Math.max(...connections);
    const image = `![CPU per request and requests per second at ${shown} connections](performance.svg)`;
    writeSection('bench', `${image}\n\n${reportOf(embedded, circumstances)}`);
    writeChart(drawCharts(embedded.measurements, shown));
  }
  const onPostgres = onlyOf(measured, (name) => name === 'echo' || ON_POSTGRES.has(name));
  if (hasMoreThanEcho(onPostgres)) writeSection('postgres', reportOf(onPostgres, circumstances));
};

const onlyOf = (
  { measurements, skipped, notes }: Measured,
  isOfIt: (name: TargetName) => boolean,
): Measured => ({
  measurements: measurements.filter(({ target }) => isOfIt(target)),
  skipped: Object.fromEntries(entriesOf(skipped).filter(([name]) => isOfIt(name))),
  notes: Object.fromEntries(entriesOf(notes).filter(([name]) => isOfIt(name))),
});

const hasMoreThanEcho = ({ measurements }: Measured): boolean =>
  measurements.some(({ target }) => target !== 'echo');

const entriesOf = (texts: Readonly<Partial<Record<TargetName, string>>>) =>
  Object.entries(texts) as readonly (readonly [TargetName, string])[];

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  const isExpected = error instanceof UsageError || error instanceof WrongAnswer;
  console.error(isExpected ? error.message : error);
  process.exitCode = error instanceof UsageError ? 2 : 1;
}
