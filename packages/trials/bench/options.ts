import { parseArgs } from 'node:util';
import { BENCH_SECTIONS } from './docs.ts';
import type { BenchSection } from './docs.ts';
import type { Plan } from './rounds.ts';
import { OF_TRACING, TARGET_NAMES } from './targets/target.ts';
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
  /** The section of the document that the result replaces, if any. */
  readonly docsSection: BenchSection | undefined;
  /** Whether servers of others may be downloaded and built. */
  readonly mayDownload: boolean;
  readonly wantsHelp: boolean;
};

const WARMUP_MS = 1500;

const DEFAULT_TARGETS = TARGET_NAMES.filter((name) => !OF_TRACING.some((other) => other === name)).join(',');

export const HELP = `Usage: npm run bench -- [options]

Measures refreshes on several real servers in repeated rounds, and prints medians with their range, beside a bare
node:http server that writes the same bytes. The generator checks every answer.

The servers of others are downloaded and built once, into KEYFOB_BENCH_CACHE or ~/.cache/keyfob-bench, with their
checksums checked: Keycloak from Maven Central (153 MiB; needs Java 17 and Maven), Ory Hydra from its Go module (needs Go
and a C compiler, and some minutes). One that this machine cannot run is skipped, and the report says why.

Options:
  --targets <list>        which servers (default: ${DEFAULT_TARGETS});
                          also ${OF_TRACING.join(', ')}: what traces cost
  --rounds <number>       number of measurements per server (default: 9)
  --seconds <number>      length of a measurement, after a warm-up of ${WARMUP_MS / 1000} s (default: 2)
  --connections <list>    numbers of concurrent connections (default: 16,64)
  --no-download           skip servers that are not in the cache
  --write-docs <section>  write the result to a section of docs/performance.md: ${BENCH_SECTIONS.join(', ')}
  --json                  print every figure of every round, and all ratios, as JSON
  --help                  print this

Examples:
  $ npm run bench -- --targets echo,smartcar --connections 64
  $ npm run bench -- --targets echo,smartcar,hydra,keycloak-postgres --rounds 3
  $ npm run bench -- --no-download --json > bench.json

Exit codes: 0 success, 1 a wrong answer of Keyfob or a generator that is too slow, 2 usage error.`;

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
    docsSection: readSection(values['write-docs']),
    mayDownload: !values['no-download'],
    wantsHelp: values.help,
  };
};

const parse = (args: readonly string[]) => {
  try {
    return parseArgs({
      args: [...args],
      options: {
        targets: { type: 'string', default: DEFAULT_TARGETS },
        rounds: { type: 'string', default: '9' },
        seconds: { type: 'string', default: '2' },
        connections: { type: 'string', default: '16,64' },
        'no-download': { type: 'boolean', default: false },
        'write-docs': { type: 'string' },
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

const readSection = (text: string | undefined): BenchSection | undefined => {
  const section = BENCH_SECTIONS.find((known) => known === text);
  if (text === undefined || section !== undefined) return section;
  throw new UsageError(`--write-docs: ${text} is not one of ${BENCH_SECTIONS.join(', ')}`);
};

/** Reads an option that is a whole number of at least 1. Throws `UsageError`. */
export const readWhole = (name: string, text: string): number => {
  if (/^[1-9][0-9]{0,4}$/.test(text)) return Number(text);
  throw new UsageError(`--${name} must be 1 or a larger whole number`);
};

/** Reads an option that is a number of seconds greater than 0. Throws `UsageError`. */
export const readSeconds = (name: string, text: string): number => {
  if (/^[0-9]{1,4}(?:\.[0-9]+)?$/.test(text) && Number(text) > 0) return Number(text);
  throw new UsageError(`--${name} must be a number greater than 0`);
};
