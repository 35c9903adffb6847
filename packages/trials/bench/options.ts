import { parseArgs } from 'node:util';
import type { Plan } from './rounds.ts';
import { TARGET_NAMES } from './targets/target.ts';
import type { TargetName } from './targets/target.ts';

/** The command line has an error. */
export class UsageError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'UsageError';
  }
}

export type Options = {
  readonly plan: Plan;
  readonly isJson: boolean;
  readonly writesDocs: boolean;
  readonly wantsHelp: boolean;
};

const WARMUP_MS = 1500;

export const HELP = `Usage: npm run bench -- [options]

Measures refreshes on several real servers in repeated rounds, and prints medians with their range. The generator checks
every answer.

Options:
  --targets <list>      which servers (default: ${TARGET_NAMES.join(',')})
  --rounds <number>     number of measurements per server (default: 5)
  --seconds <number>    length of a measurement, after a warm-up of ${WARMUP_MS / 1000} s (default: 4)
  --connections <list>  numbers of concurrent connections (default: 1,16,64,256)
  --write-docs          write the result to docs/performance.md and docs/performance.svg
  --json                print every figure of every round as JSON
  --help                print this

Examples:
  $ npm run bench -- --targets echo,smartcar --rounds 3 --seconds 2 --connections 64
  $ npm run bench -- --json > bench.json
  $ npm run bench -- --write-docs

Exit codes: 0 success, 1 a wrong answer or a generator that is too slow, 2 usage error.`;

/** Reads the command line. Throws `UsageError`. */
export const readOptions = (args: readonly string[]): Options => {
  const values = parse(args);
  return {
    plan: {
      targets: values.targets.split(',').map(readTarget),
      connections: values.connections.split(',').map((text) => readWhole('connections', text)),
      rounds: readWhole('rounds', values.rounds),
      warmupMs: WARMUP_MS,
      measureMs: readSeconds('seconds', values.seconds) * 1000,
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
        targets: { type: 'string', default: TARGET_NAMES.join(',') },
        rounds: { type: 'string', default: '5' },
        seconds: { type: 'string', default: '4' },
        connections: { type: 'string', default: '1,16,64,256' },
        'write-docs': { type: 'boolean', default: false },
        json: { type: 'boolean', default: false },
        help: { type: 'boolean', default: false },
      },
    }).values;
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
};

const readTarget = (text: string): TargetName => {
  const name = TARGET_NAMES.find((known) => known === text);
  if (name === undefined) throw new UsageError(`--targets: ${text} is not one of ${TARGET_NAMES.join(', ')}`);
  return name;
};

const readWhole = (name: string, text: string): number => {
  if (/^[1-9][0-9]{0,4}$/.test(text)) return Number(text);
  throw new UsageError(`--${name} must be 1 or a larger whole number`);
};

/** Reads an option that is a number of seconds greater than 0. Throws `UsageError`. */
export const readSeconds = (name: string, text: string): number => {
  if (/^[0-9]{1,4}(?:\.[0-9]+)?$/.test(text) && Number(text) > 0) return Number(text);
  throw new UsageError(`--${name} must be a number greater than 0`);
};
