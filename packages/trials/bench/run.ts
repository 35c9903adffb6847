import { createProgressBar } from '../support/progress-bar.ts';
import { drawCharts } from './chart.ts';
import { shareCores } from './cores.ts';
import { writeChart, writeSection } from './docs.ts';
import { WrongAnswer } from './generator-process.ts';
import { describeMachine, readMachine } from './machine.ts';
import { HELP, readOptions, UsageError } from './options.ts';
import { compareTargets, checkGenerator } from './ratios.ts';
import { writeReport } from './report.ts';
import { describeNoise, watchNoise } from './noise.ts';
import { runRounds } from './rounds.ts';
import type { Plan } from './rounds.ts';
import type { TargetName } from './targets/target.ts';
import { TARGETS } from './targets/targets.ts';

/** The section whose figures the chart shows, at this number of connections. */
const CHART_SECTION = 'peers';
const CHART_CONNECTIONS = 64;

const main = async (args: readonly string[]): Promise<number> => {
  const { plan, isJson, docsSection, mayDownload, wantsHelp } = readOptions(args);
  if (wantsHelp) {
    console.log(HELP);
    return 0;
  }
  const machine = readMachine();
  const { note: pinning, pin } = shareCores();
  const bar = createProgressBar('measurements');
  const noiseOf = watchNoise();
  let isAnnounced = false;
  const onProgress = (done: number, total: number): void => {
    // Now every server has started, which can take minutes.
    if (!isAnnounced) console.error(announce(plan, total));
    isAnnounced = true;
    bar.show(done, total);
  };
  const measured = await runRounds(plan, { pin, mayDownload, onProgress }).finally(bar.end);
  const noise = noiseOf();
  const command = ['npm run bench', ...(args.length > 0 ? ['--', ...args] : [])].join(' ');
  const generatorCheck = checkGenerator(measured.measurements);
  const ratios = compareTargets(measured.measurements);
  const report = writeReport(measured, ratios, [
    `\`${command}\`: ${describeMachine(machine)}`,
    describeNoise(noise, measured.measurements),
    `Median of ${plan.rounds} rounds of ${plan.measureMs / 1000} s, minimum and maximum in parentheses; ${pinning}. ${generatorCheck.text}`,
    ...entriesOf(measured.notes).map(([name, note]) => `${TARGETS[name].title}: ${note}.`),
    ...entriesOf(measured.skipped).map(([name, reason]) => `SKIPPED ${name}: ${reason}.`),
    ...entriesOf(measured.stopped).map(([name, reason]) => `STOPPED ${name}: ${reason}.`),
  ]);
  const json = { machine, noise, command, plan, pinning, generatorCheck, ratios, ...measured };
  console.log(isJson ? JSON.stringify(json, null, 2) : report);
  if (generatorCheck.verdict === 'failed') return 1;
  if (docsSection !== undefined) {
    const { connections } = plan;
    const shown = connections.includes(CHART_CONNECTIONS) ? CHART_CONNECTIONS : Math.max(...connections);
    writeSection(docsSection, report);
    if (docsSection === CHART_SECTION) writeChart(drawCharts(measured.measurements, shown));
  }
  return 0;
};

const announce = ({ warmupMs, measureMs }: Plan, total: number): string =>
  `All servers have started. Measuring ${total} times, for about ${Math.ceil((total * (warmupMs + measureMs)) / 60_000)} min.`;

const entriesOf = (texts: Readonly<Partial<Record<TargetName, string>>>) =>
  Object.entries(texts) as readonly (readonly [TargetName, string])[];

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  const isExpected = error instanceof UsageError || error instanceof WrongAnswer;
  console.error(isExpected ? error.message : error);
  process.exitCode = error instanceof UsageError ? 2 : 1;
}
