import { createProgressBar } from 'keyfob/cli/progress';
import { drawCharts } from './chart.ts';
import { shareCores } from './cores.ts';
import { writeDocs } from './docs.ts';
import { WrongAnswer } from './generator-process.ts';
import { describeMachine, readMachine } from './machine.ts';
import { HELP, readOptions, UsageError } from './options.ts';
import { compareTargets, proveGenerator } from './ratios.ts';
import { writeReport } from './report.ts';
import { runRounds } from './rounds.ts';

/** Where a chart has room for one number of connections only. */
const CHART_CONNECTIONS = 64;

const main = async (args: readonly string[]): Promise<number> => {
  const { plan, isJson, writesDocs, wantsHelp } = readOptions(args);
  if (wantsHelp) {
    console.log(HELP);
    return 0;
  }
  const machine = readMachine();
  const { note, pin } = shareCores();
  const bar = createProgressBar('measurements');
  const { measurements, skipped } = await runRounds(plan, { pin, onProgress: bar.show }).finally(bar.end);
  const ratios = compareTargets(measurements);
  const proof = proveGenerator(measurements);
  const command = ['npm run bench', ...(args.length > 0 ? ['--', ...args] : [])].join(' ');
  const notes = [
    `\`${command}\`: ${describeMachine(machine)}`,
    `Median of ${plan.rounds} (a measurement: ${plan.measureMs / 1000} s), least and most in parentheses; ${note}. ${proof.text}`,
    ...Object.entries(skipped).map(([name, why]) => `SKIPPED ${name}: ${why}.`),
  ];
  const report = writeReport(measurements, ratios, notes);
  if (isJson)
    console.log(
      JSON.stringify(
        { machine, command, plan, pinning: note, skipped, proof, ratios, measurements },
        null,
        2,
      ),
    );
  else console.log(report);
  if (writesDocs && proof.verdict !== 'failed') {
    const { connections } = plan;
    const shown = connections.includes(CHART_CONNECTIONS) ? CHART_CONNECTIONS : Math.max(...connections);
    const image = `![CPU per request and requests per second at ${shown} connections](performance.svg)`;
    writeDocs(`${image}\n\n${report}`, drawCharts(measurements, shown));
  }
  return proof.verdict === 'failed' ? 1 : 0;
};

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  const isExpected = error instanceof UsageError || error instanceof WrongAnswer;
  console.error(isExpected ? error.message : error);
  process.exitCode = error instanceof UsageError ? 2 : 1;
}
