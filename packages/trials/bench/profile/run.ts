import { parseArgs } from 'node:util';
import { writeSection } from '../docs.ts';
import { WrongAnswer } from '../generator-process.ts';
import { describeMachine, readMachine } from '../machine.ts';
import { readSeconds, UsageError } from '../options.ts';
import { CONNECTIONS, INTERVAL_MICROS, profileKeyfob, WARMUP_MS } from './profile.ts';
import type { Shares } from './shares.ts';
import { alignTable } from '../report.ts';

const FUNCTIONS_SHOWN = 25;
/** The maximum length of a name, in characters. */
const CODE_MAX = 60;

const HELP = `Usage: npm run bench:profile -- [options]

Shows how a refresh uses CPU time. Loads a real server with ${CONNECTIONS} connections under V8's profiler and prints the self
time of its main thread by part and by function.

Options:
  --seconds <number>  length of the profile, after a warm-up of ${WARMUP_MS / 1000} s (default: 8)
  --write-docs        write the tables to docs/performance.md
  --json              print every function as JSON
  --help              print this

Examples:
  $ npm run bench:profile
  $ npm run bench:profile -- --seconds 30 --json > profile.json

Exit codes: 0 success, 1 a wrong answer or no profile, 2 usage error.`;

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
    `Self time of the main thread of \`keyfob serve\` as a percentage of its busy time, sampled every ${INTERVAL_MICROS} µs for ${seconds} s: ` +
      `Smartcar refreshes at ${CONNECTIONS} connections, ${Math.round(requestsPerSecond)} requests/s under the profiler, ` +
      `with the thread busy ${percent(busyShare)} % of the time; ${pinning}. ` +
      'A part includes the native code that it calls. The time that SQLite works and waits counts for the function that calls it.',
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
      ['part', 'busy time, %', 'of which native, %'],
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

/** Formats a name as code in a table cell. The name of a regular expression can contain the delimiters of both. */
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
