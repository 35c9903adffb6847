import { DEFAULT_DIALECT } from '@keyfob/server/dialects';
import { readFileSync } from 'node:fs';
import { Command, CommanderError, Option } from 'commander';
import { OperatorError } from '@keyfob/server';
import { SandboxError, startSandboxServer } from '../exports/index.ts';
import { createGradeCommand } from './grade-command.ts';
import { createScenariosCommand } from './scenarios-command.ts';
import { serve } from './serve.ts';
import type { ServeOptions } from './serve.ts';

/** What follows `--` is a command of its own. */
const END = process.argv.indexOf('--');
/** Read before the options are parsed, because errors of the parser have this form too. */
const IS_JSON = process.argv.slice(0, END < 0 ? undefined : END).includes('--json');

/** 0 success, 1 failure, 2 usage error. */
const EXIT_FAILED = 1;
const EXIT_USAGE = 2;

const readVersion = (): string =>
  (JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as { version: string })
    .version;

const createProgram = (): Command => {
  const program = createServeProgram();
  return program
    .addCommand(createGradeCommand().copyInheritedSettings(program))
    .addCommand(createScenariosCommand().copyInheritedSettings(program));
};

const createServeProgram = (): Command =>
  new Command('keyfob-sandbox')
    .description('The authorization server of Keyfob with a clock that you move and answers that you lose.')
    .version(readVersion())
    .addOption(
      new Option('--host <address>', 'where to listen; this machine only by default')
        .env('KEYFOB_SANDBOX_HOST')
        .default('127.0.0.1'),
    )
    .addOption(
      new Option('--port <number>', 'port; 0 picks a free one (default: 8788; with --exec, a free one)').env(
        'KEYFOB_SANDBOX_PORT',
      ),
    )
    .addOption(
      new Option(
        '--public-url <url>',
        'by which others reach it, if not where it listens: in a container or behind a proxy',
      ).env('KEYFOB_SANDBOX_PUBLIC_URL'),
    )
    .option(
      '--allow-host <name...>',
      'names by which the control API may be reached besides those of this machine',
    )
    .option('--clock <moment>', 'freeze the clock of the default world at a moment, such as 2026-01-01')
    .option('--seed <text>', 'the same seed gives the same ids and secrets')
    .option(
      '--exec <command>',
      'run a command of the shell with the variables of the sandbox, and exit as it does',
    )
    .option('--environment <name>', 'with --exec: also the variables of this SDK, such as smartcar-python')
    .option('--scenario <name>', 'start a scenario in the default world; "scenarios" lists them')
    .option('--dialect <name>', 'whose API the client of the scenario speaks', DEFAULT_DIALECT)
    .option('--json', 'print JSON lines instead of text')
    .option('--quiet', 'print no line per request: for a test that reads the first line only')
    // The options of a command are its own, also those that have the name of one of these.
    .enablePositionalOptions()
    .exitOverride()
    .configureOutput(IS_JSON ? { writeErr: () => {} } : {})
    .showHelpAfterError('(see --help)')
    .addHelpText(
      'after',
      `
Examples:
  $ keyfob-sandbox
  $ keyfob-sandbox --clock 2026-01-01 --seed tests
  $ keyfob-sandbox --scenario lost-answer-after
  $ keyfob-sandbox scenarios
  $ keyfob-sandbox --port 0 --json
  $ keyfob-sandbox --exec 'npm test'
  $ keyfob-sandbox grade -- node refresh.js

The control API is at /_sandbox; /_sandbox/openapi.json describes it.
With --exec, the command finds KEYFOB_SANDBOX_URL, KEYFOB_SANDBOX_WORLD and the
variables of the SDKs; if it fails, the requests that came are printed.
Exit codes: 0 success, 1 failure, 2 usage error; with --exec, that of the command.`,
    )
    .action((options: ServeOptions) => serve(options, startSandboxServer));

const main = async (): Promise<void> => {
  try {
    await createProgram().parseAsync();
  } catch (error) {
    if (error instanceof CommanderError && error.exitCode === 0) return;
    const { code, message, remedy, exit } = describeFailure(error);
    process.exitCode = exit;
    if (IS_JSON) process.stderr.write(`${JSON.stringify({ error: { code, message, remedy } })}\n`);
    // The parser has printed its own errors already.
    else if (!(error instanceof CommanderError))
      process.stderr.write(`keyfob-sandbox: ${message}\n  ${remedy}\n`);
  }
};

const describeFailure = (
  error: unknown,
): { readonly code: string; readonly message: string; readonly remedy: string; readonly exit: number } => {
  if (error instanceof CommanderError) {
    const message = error.message.replace(/^error: /, '');
    return { code: 'usage', message, remedy: 'See keyfob-sandbox --help.', exit: EXIT_USAGE };
  }
  if (error instanceof SandboxError || error instanceof OperatorError) {
    const { code, message, remedy } = error;
    // What a command does not find, its arguments have named.
    const isUsage = code === 'input_invalid' || code === 'not_found';
    return { code, message, remedy, exit: isUsage ? EXIT_USAGE : EXIT_FAILED };
  }
  const message = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return { code: 'internal', message, remedy: 'This is a bug in keyfob-sandbox.', exit: EXIT_FAILED };
};

await main();
