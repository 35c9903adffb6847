import { parseArgs } from 'node:util';
import { createProgressBar } from '../../support/progress-bar.ts';
import { shareCores } from '../cores.ts';
import { writeSection } from '../docs.ts';
import { WrongAnswer } from '../generator-process.ts';
import { describeMachine, readMachine } from '../machine.ts';
import { describeNoise, watchNoise } from '../noise.ts';
import { readSeconds, readWhole, UsageError } from '../options.ts';
import { groupsOf, writeTail } from './report.ts';
import { measureTail } from './tail.ts';
import type { TailPlan } from './tail.ts';

const WARMUP_MS = 1500;

type Options = {
  readonly plan: TailPlan;
  readonly isJson: boolean;
  readonly writesDocs: boolean;
  readonly wantsHelp: boolean;
};

const HELP = `Usage: npm run bench:tail -- [options]

Shows what slow refreshes spend their time on. Loads a bare node:http server, Keyfob, and Keyfob with a probe in turn; the
probe records when the server reads and answers each request, commits, collects garbage and makes checkpoints. Every
millisecond of a request counts for one cause.

Options:
  --dialect <name>        smartcar or pleos (default: smartcar)
  --connections <number>  number of concurrent connections (default: 64)
  --rounds <number>       number of measurements per server (default: 5)
  --seconds <number>      length of a measurement, after a warm-up of ${WARMUP_MS / 1000} s (default: 4)
  --semi-space <MiB>      size of V8's young generation, instead of that of npm start
  --write-docs            write the tables to docs/performance.md
  --json                  print JSON
  --help                  print this

Examples:
  $ npm run bench:tail
  $ npm run bench:tail -- --connections 256 --seconds 10
  $ npm run bench:tail -- --semi-space 32 --json > tail.json

Exit codes: 0 success, 1 a wrong answer, 2 usage error.`;

const main = async (args: readonly string[]): Promise<number> => {
  const { plan, isJson, writesDocs, wantsHelp } = readOptions(args);
  if (wantsHelp) {
    console.log(HELP);
    return 0;
  }
  const machine = readMachine();
  const { note: pinning, pin } = shareCores();
  const bar = createProgressBar('measurements');
  const noiseOf = watchNoise();
  const tail = await measureTail(plan, { pin, onProgress: bar.show }).finally(bar.end);
  const noise = noiseOf();
  const command = ['npm run bench:tail', ...(args.length > 0 ? ['--', ...args] : [])].join(' ');
  const { latencies, explained, requests, happenings } = tail;
  const explainedShare = ((100 * explained.length) / Math.max(1, requests)).toFixed(1);
  const report = [
    `\`${command}\`: ${describeMachine(machine)}`,
    describeNoise(noise, []),
    `${plan.connections} connections, ${plan.rounds} rounds of ${plan.measureMs / 1000} s in turn; medians of the rounds, minimum and maximum in ` +
      `parentheses; ${pinning}. The causes are those of ${explained.length} requests under the probe, ${explainedShare} % of all.`,
    ...writeTail(tail),
  ].join('\n\n');
  const json = {
    machine,
    noise,
    command,
    plan,
    pinning,
    requests,
    latencies,
    groups: groupsOf(explained),
    happenings,
  };
  console.log(isJson ? JSON.stringify(json, null, 2) : report);
  if (writesDocs) writeSection('tail', report);
  return 0;
};

const readOptions = (args: readonly string[]): Options => {
  const values = parse(args);
  const { dialect } = values;
  if (dialect !== 'smartcar' && dialect !== 'pleos')
    throw new UsageError(`--dialect: ${dialect} is not one of smartcar, pleos`);
  const semiSpace = values['semi-space'];
  return {
    plan: {
      dialect,
      connections: readWhole('connections', values.connections),
      rounds: readWhole('rounds', values.rounds),
      warmupMs: WARMUP_MS,
      measureMs: readSeconds('seconds', values.seconds) * 1000,
      nodeArgs:
        semiSpace === undefined ? [] : [`--max-semi-space-size=${readWhole('semi-space', semiSpace)}`],
    },
    isJson: values.json,
    writesDocs: values['write-docs'],
    wantsHelp: values.help,
  };
};

const parse = (args: readonly string[]) => {
  try {
    return parseArgs({
      args: [...args],
      options: {
        dialect: { type: 'string', default: 'smartcar' },
        connections: { type: 'string', default: '64' },
        rounds: { type: 'string', default: '5' },
        seconds: { type: 'string', default: '4' },
        'semi-space': { type: 'string' },
        'write-docs': { type: 'boolean', default: false },
        json: { type: 'boolean', default: false },
        help: { type: 'boolean', default: false },
      },
    }).values;
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
};

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  const isExpected = error instanceof UsageError || error instanceof WrongAnswer;
  console.error(isExpected ? error.message : error);
  process.exitCode = error instanceof UsageError ? 2 : 1;
}
