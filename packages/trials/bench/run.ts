import { createProgressBar } from '../support/progress-bar.ts';
import { drawCharts } from './chart.ts';
import { shareCores } from './cores.ts';
import { writeChart, writeSection } from './docs.ts';
import { WrongAnswer } from './generator-process.ts';
import { describeMachine, readMachine } from './machine.ts';
import { HELP, readOptions, UsageError } from './options.ts';
import { compareTargets, checkGenerator } from './ratios.ts';
import { writeReport } from './report.ts';
import { runRounds } from './rounds.ts';
import type { Measured, Plan } from './rounds.ts';
import { ON_POSTGRES } from './targets/target.ts';
import type { TargetName } from './targets/target.ts';
import { TARGETS } from './targets/targets.ts';

/** The number of connections that the chart shows. */
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
  const generatorCheck = checkGenerator(measured.measurements);
  if (isJson) {
    const ratios = compareTargets(measured.measurements);
    console.log(
      JSON.stringify({ machine, command, plan, pinning, generatorCheck, ratios, ...measured }, null, 2),
    );
  } else console.log(reportOf(measured, { head, plan, pinning }));
  if (writesDocs && generatorCheck.verdict !== 'failed') writeSections(measured, { head, plan, pinning });
  return generatorCheck.verdict === 'failed' ? 1 : 0;
};

type RunContext = { readonly head: string; readonly plan: Plan; readonly pinning: string };

const reportOf = ({ measurements, skipped, notes }: Measured, { head, plan, pinning }: RunContext): string =>
  writeReport(measurements, compareTargets(measurements), [
    head,
    `Median of ${plan.rounds} rounds of ${plan.measureMs / 1000} s, minimum and maximum in parentheses; ${pinning}. ${checkGenerator(measurements).text}`,
    ...entriesOf(notes).map(([name, note]) => `${TARGETS[name].title}: ${note}.`),
    ...entriesOf(skipped).map(([name, reason]) => `SKIPPED ${name}: ${reason}.`),
  ]);

/** Writes one section for SQLite and in-memory targets and one for PostgreSQL. A section without figures stays as it is. */
const writeSections = (measured: Measured, context: RunContext): void => {
  const { connections } = context.plan;
  const embedded = onlyOf(measured, (name) => !ON_POSTGRES.has(name));
  if (hasMoreThanEcho(embedded)) {
    const shown = connections.includes(CHART_CONNECTIONS) ? CHART_CONNECTIONS : Math.max(...connections);
    const image = `![CPU per request and requests per second at ${shown} connections](performance.svg)`;
    writeSection('bench', `${image}\n\n${reportOf(embedded, context)}`);
    writeChart(drawCharts(embedded.measurements, shown));
  }
  const onPostgres = onlyOf(measured, (name) => name === 'echo' || ON_POSTGRES.has(name));
  if (hasMoreThanEcho(onPostgres)) writeSection('postgres', reportOf(onPostgres, context));
};

const onlyOf = (
  { measurements, skipped, notes }: Measured,
  isIncluded: (name: TargetName) => boolean,
): Measured => ({
  measurements: measurements.filter(({ target }) => isIncluded(target)),
  skipped: Object.fromEntries(entriesOf(skipped).filter(([name]) => isIncluded(name))),
  notes: Object.fromEntries(entriesOf(notes).filter(([name]) => isIncluded(name))),
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
