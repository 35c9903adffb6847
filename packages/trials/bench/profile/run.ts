import { parseArgs } from 'node:util';
import { writeSection } from '../docs.ts';
import { WrongAnswer } from '../generator-process.ts';
import { describeMachine, readMachine } from '../machine.ts';
import { readSeconds, UsageError } from '../options.ts';
import { CONNECTIONS, INTERVAL_MICROS, profileKeyfob, WARMUP_MS } from './profile.ts';
import type { Shares } from './shares.ts';
import { alignTable } from '../report.ts';

const FUNCTIONS_SHOWN = 25;
/** Characters. */
const CODE_MAX = 60;

const HELP = `Usage: npm run bench:profile -- [options]

Shows where the CPU time of a refresh goes: loads a real server at ${CONNECTIONS} connections under the profiler of V8 and prints
the self time of its main thread by part and by function.

Options:
  --seconds <number>  how long it is profiled, after a warm-up of ${WARMUP_MS / 1000} s (default: 8)
  --write-docs        put the tables into docs/performance.md
  --json              print every function as JSON
  --help              print this

Examples:
  $ npm run bench:profile
  $ npm run bench:profile -- --seconds 30 --json > profile.json

Exit codes: 0 profiled, 1 a wrong answer or no profile, 2 used wrongly.`;

const main = async (args: readonly string[]): Promise<number> => {
  const { seconds, isJson, writesDocs, wantsHelp } = readOptions(args);
  if (wantsHelp) {
    console.log(HELP);
    return 0;
  }
  const machine = readMachine();
  const { shares, requestsPerSecond, pinning } = await profileKeyfob(seconds);
  const command = ['npm run bench:profile', ...(args.length > 0 ? ['--', ...args] : [])].join(' ');
  const busyShare = shares.busyMicros / 1e6 / seconds;
  const notes = [
    `\`${command}\`: ${describeMachine(machine)}`,
    `Self time of the main thread of \`keyfob serve\` in percent of its busy time, a sample every ${INTERVAL_MICROS} µs for ${seconds} s: ` +
      `Smartcar refreshes at ${CONNECTIONS} connections, ${Math.round(requestsPerSecond)} requests/s under the profiler, ` +
      `the thread busy ${percent(busyShare)} % of the time; ${pinning}. ` +
      'A part has the native code that it calls; what SQLite does, and waits for, counts for the function that asks it.',
  ];
  const report = [...notes, ...writeTables(shares)].join('\n\n');
  if (isJson)
    console.log(
      JSON.stringify(
        { machine, command, seconds, pinning, requestsPerSecond, busyShare, ...shares },
        null,
        2,
      ),
    );
  else console.log(report);
  if (writesDocs) writeSection('profile', report);
  return 0;
};

const writeTables = ({ parts, functions }: Shares): readonly string[] => {
  const rest = functions.slice(FUNCTIONS_SHOWN);
  const restShare = rest.reduce((total, { share }) => total + share, 0);
  return [
    alignTable([
      ['part', 'busy time, %', 'native code of it, %'],
      ...parts.map(({ part, share, nativeShare }) => [part, percent(share), percent(nativeShare)]),
    ]),
    alignTable(
      [
        ['function', 'file', 'busy time, %'],
        ...functions
          .slice(0, FUNCTIONS_SHOWN)
          .map(({ name, file, share }) => [code(name), code(file), percent(share)]),
        [`${rest.length} more`, '', percent(restShare)],
      ],
      2,
    ),
  ];
};

const percent = (share: number): string => (share * 100).toFixed(1);

/** As code in a cell of a table, where a regular expression's name could end the one or the other. */
const code = (text: string): string => {
  const shown = text.length > CODE_MAX ? `${text.slice(0, CODE_MAX)}...` : text;
  return `\`${shown.replaceAll('`', "'").replaceAll('|', '\\|')}\``;
};

const readOptions = (args: readonly string[]) => {
  const values = parse(args);
  return {
    seconds: readSeconds('seconds', values.seconds),
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
        seconds: { type: 'string', default: '8' },
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
