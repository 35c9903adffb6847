import { parseArgs } from 'node:util';
import { createProgressBar } from '../support/progress-bar.ts';
import { shareCores } from './cores.ts';
import { WrongAnswer } from './generator-process.ts';
import { UsageError } from './options.ts';
import { ratiosByRound } from './ratios.ts';
import { runRounds } from './rounds.ts';
import { spreadOf } from './statistics.ts';

/** The maximum CPU time of a refresh, as a multiple of an answer of the bare server. */
const CPU_RATIO_MAX = 1.8;
const CONNECTIONS = 64;
const PLAN = {
  targets: ['echo', 'smartcar'],
  connections: [CONNECTIONS],
  rounds: 9,
  warmupMs: 500,
  measureMs: 1000,
} as const;

const HELP = `Usage: npm run bench:guard -- [options]

Fails if a refresh costs too much CPU. Compares it with a bare node:http server in the same run, so that the result
does not depend on the speed of the machine. Takes half a minute.

Options:
  --limit <ratio>  maximum CPU time of a refresh, in answers of the bare server (default: ${CPU_RATIO_MAX})
  --help           print this

Examples:
  $ npm run bench:guard
  $ npm run bench:guard -- --limit 2.2

Exit codes: 0 within the limit, 1 above it or a wrong answer, 2 usage error.`;

const main = async (): Promise<number> => {
  const { limit, wantsHelp } = readOptions();
  if (wantsHelp) {
    console.log(HELP);
    return 0;
  }
  const { note, pin } = shareCores();
  const bar = createProgressBar('measurements');
  const { measurements } = await runRounds(PLAN, { pin, onProgress: bar.show }).finally(bar.end);
  const comparison = {
    figure: 'cpuMicrosPerRequest',
    of: 'smartcar',
    to: 'echo',
    connections: CONNECTIONS,
  } as const;
  const ratios = ratiosByRound(measurements, comparison);
  if (ratios.length === 0) throw new Error('CPU time cannot be read: this system has no /proc');
  const { median, min, max } = spreadOf(ratios);
  const isWithin = median <= limit;
  const spread = `${min.toFixed(2)}-${max.toFixed(2)}`;
  console.log(
    `${isWithin ? 'ok' : 'TOO MUCH'}: a refresh costs ${median.toFixed(2)} times the CPU of a bare answer (${spread}), limit ${limit}; ${note}`,
  );
  return isWithin ? 0 : 1;
};

const readOptions = (): { readonly limit: number; readonly wantsHelp: boolean } => {
  try {
    const { values } = parseArgs({
      options: {
        limit: { type: 'string', default: String(CPU_RATIO_MAX) },
        help: { type: 'boolean', default: false },
      },
    });
    const limit = Number(values.limit);
    if (limit > 0) return { limit, wantsHelp: values.help };
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
  throw new UsageError('--limit must be a number greater than 0');
};

try {
  process.exitCode = await main();
} catch (error) {
  const isExpected = error instanceof UsageError || error instanceof WrongAnswer;
  console.error(isExpected ? error.message : error);
  process.exitCode = error instanceof UsageError ? 2 : 1;
}
