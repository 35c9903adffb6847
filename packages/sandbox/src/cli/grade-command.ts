import { writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { Command, Option } from 'commander';
import { nearestName } from '@keyfob/server';
import { SandboxError, startSandboxServer } from '../exports/index.ts';
import {
  createCommandRunner,
  createServiceRunner,
  exitCodeOf,
  GRADED_DIALECTS,
  grade,
  openGradeWorld,
  renderJunit,
  renderScorecard,
  scenarioTitles,
} from '../exports/grade.ts';
import type { GradedDialect, Scorecard, Subject } from '../exports/grade.ts';
import { createProgress } from './progress.ts';

type GradeOptions = {
  readonly dialect: GradedDialect;
  readonly scenario?: readonly string[];
  readonly service?: string;
  readonly environment?: string;
  readonly realTime?: boolean;
  readonly limit: string;
  readonly jobs?: string;
  readonly strict?: boolean;
  readonly json?: boolean;
  readonly junit?: string;
  readonly list?: boolean;
};

type Words = readonly [program: string, ...args: string[]];

const HELP = `
The command is run whenever somebody needs an access token. It prints one that
works and exits with 0; with 75 if that is impossible for the moment; with 77 if
the owner must consent again. It finds in its environment:
  KEYFOB_STATE             a folder that it keeps its state in
  KEYFOB_NOW               the time, in milliseconds
  KEYFOB_ACCESS_TOKEN, KEYFOB_REFRESH_TOKEN, KEYFOB_EXPIRES_AT (milliseconds)
                           its first tokens, until it has exited with 0 once
  KEYFOB_TOKEN_URL, KEYFOB_CLIENT_ID, KEYFOB_CLIENT_SECRET, KEYFOB_BRAND (Pleos)
                           where and as whom it refreshes
  KEYFOB_LIFETIME_SECONDS  how long an access token lives
and the variables of the vendor's SDK. A service is started once in each
scenario, and asked by GET: it answers 200 with a token, 503, or 410.

Examples:
  $ keyfob-sandbox grade -- node refresh.js
  $ keyfob-sandbox grade --dialect pleos --junit report.xml -- python3 refresh.py
  $ keyfob-sandbox grade --scenario lost-answer-after race -- ./refresh
  $ keyfob-sandbox grade --service http://127.0.0.1:9000/token -- node service.js

Exit codes: 0 no grant was lost avoidably, 1 one was, 2 usage error, 3 the
command could not be graded: it did not work even without a fault.`;

/** `keyfob-sandbox grade`: runs somebody's refresh code through every scenario and prints a scorecard. */
export const createGradeCommand = (): Command =>
  new Command('grade')
    .description('grade code that refreshes tokens: what it keeps and what it loses when things go wrong')
    .argument('[command...]', 'the command, after --')
    .addOption(
      new Option('--dialect <name>', 'whose API it speaks')
        .choices(GRADED_DIALECTS)
        .default(GRADED_DIALECTS[0]),
    )
    .option('--scenario <name...>', 'only these scenarios; the one without faults is always run')
    .option('--list', 'list the scenarios')
    .option('--service <url>', 'the command is a service that answers at this URL')
    .option('--environment <name>', 'variables of another SDK, such as smartcar-python')
    .option('--real-time', 'for code that knows the real clock only: tokens live for seconds')
    .option('--limit <seconds>', 'a run that takes longer has hung', '60')
    .option('--jobs <number>', 'how many scenarios are run at once; by default two for each processor')
    .option('--strict', 'exit with 1 for every fault, not only for avoidable losses')
    .option('--json', 'print JSON instead of text')
    .option('--junit <file>', 'also write a report in the form of JUnit')
    .addHelpText('after', HELP)
    .action(run);

const run = async (words: readonly string[], options: GradeOptions): Promise<void> => {
  const { dialect, json = false, strict = false, junit, list = false } = options;
  if (list) return print(listScenarios(dialect, json));
  const scenarios = readScenarios(dialect, options.scenario);
  const subject = readSubject(words, options);
  const jobs = readJobs(options);
  // A report that cannot be written is noticed before a minute of work, not after it.
  if (junit !== undefined) writeReport(junit, '');
  const stopping = new AbortController();
  const stop = (): void => stopping.abort();
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
  for (const signal of signals) process.once(signal, stop);
  const sandbox = await startSandboxServer();
  const progress = createProgress('scenarios');
  try {
    const card = await grade({
      subject,
      dialect,
      scenarios,
      isRealTime: options.realTime ?? false,
      jobs,
      openWorld: openGradeWorld(sandbox, options.environment),
      onProgress: progress.show,
      signal: stopping.signal,
    });
    progress.end();
    if (stopping.signal.aborted) {
      process.stderr.write('keyfob-sandbox: stopped before the end; nothing was graded\n');
      process.exitCode = EXIT_INTERRUPTED;
      return;
    }
    if (junit !== undefined) writeReport(junit, renderJunit(card, strict));
    print(renderCard(card, json, strict));
    process.exitCode = exitCodeOf(card, strict);
  } finally {
    progress.end();
    for (const signal of signals) process.off(signal, stop);
    await sandbox.close();
  }
};

/** As a shell reports a program that was ended by Control-C. */
const EXIT_INTERRUPTED = 130;

const renderCard = (card: Scorecard, isJson: boolean, isStrict: boolean): string =>
  isJson
    ? JSON.stringify({ ...card, exitCode: exitCodeOf(card, isStrict) })
    : renderScorecard(card, process.stdout.isTTY && process.env['NO_COLOR'] === undefined);

const print = (text: string): void => void process.stdout.write(`${text}\n`);

const writeReport = (file: string, text: string): void => {
  try {
    writeFileSync(file, text);
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    throw new SandboxError(
      'input_invalid',
      `--junit ${file} cannot be written: ${message}`,
      'Choose another file.',
    );
  }
};

const listScenarios = (dialect: GradedDialect, isJson: boolean): string => {
  const scenarios = scenarioTitles(dialect);
  if (isJson) return JSON.stringify({ dialect, scenarios });
  return scenarios.map(({ name, title }) => `${name.padEnd(24)}  ${title}`).join('\n');
};

const readScenarios = (
  dialect: GradedDialect,
  names: readonly string[] | undefined,
): readonly string[] | undefined => {
  const known = scenarioTitles(dialect).map(({ name }) => name);
  const unknown = names?.find((name) => !known.includes(name));
  if (unknown !== undefined) {
    const nearest = nearestName(unknown, known);
    const hint = nearest === undefined ? '' : `, did you mean ${nearest}?`;
    const message = `unknown scenario ${unknown.slice(0, 60)}${hint}`;
    throw new SandboxError(
      'input_invalid',
      message,
      `keyfob-sandbox grade --list --dialect ${dialect} lists them.`,
    );
  }
  return names;
};

const readSubject = (words: readonly string[], { service, limit }: GradeOptions): Subject => {
  const [program, ...args] = words;
  if (program === undefined)
    throw new SandboxError(
      'input_invalid',
      service === undefined
        ? 'there is no command to grade'
        : 'there is no command that starts the service: each scenario starts it anew, and kills it',
      `Give it after --, as in: keyfob-sandbox grade ${service === undefined ? '' : '--service URL '}-- node refresh.js`,
    );
  const command: Words = [program, ...args];
  const limitMs = readNumber('--limit', limit, LIMIT_MAX_SECONDS) * 1000;
  const common = { command, limitMs, environment: {} };
  if (service === undefined)
    return { ...common, isPrinting: true, openRunner: () => createCommandRunner(command) };
  if (!URL.canParse(service) || !/^https?:$/.test(new URL(service).protocol))
    throw new SandboxError(
      'input_invalid',
      `--service ${service} is no URL`,
      'Use one such as http://127.0.0.1:9000/token.',
    );
  return { ...common, isPrinting: false, openRunner: () => createServiceRunner({ url: service, command }) };
};

const LIMIT_MAX_SECONDS = 3600;
const JOBS_MAX = 64;
/** Where the clock is real, most of the time is waiting. */
const JOBS_REAL_TIME = 12;

const readJobs = ({ jobs, service, realTime = false }: GradeOptions): number => {
  // A service listens at one address, so there can be one at a time.
  if (service !== undefined) return 1;
  if (jobs !== undefined) return readNumber('--jobs', jobs, JOBS_MAX);
  return realTime ? JOBS_REAL_TIME : 2 * availableParallelism();
};

const readNumber = (option: string, text: string, max: number): number => {
  const number = Number(text);
  if (/^\d+(?:\.\d+)?$/.test(text) && number > 0 && number <= max) return number;
  throw new SandboxError(
    'input_invalid',
    `${option} ${text} is not a number from 1 to ${max}`,
    'See keyfob-sandbox grade --help.',
  );
};
