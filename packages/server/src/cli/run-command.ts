import { Command, CommanderError } from 'commander';
import { OperatorError, StoreError } from '../exports/errors.ts';
import { PACKAGE_VERSION } from '../exports/index.ts';
import { toPrintableJson, toPrintableLines } from '../exports/maintenance.ts';
import { addAudit } from './audit.ts';
import { addReasonOptions, runningCommand } from './command/audited-command.ts';
import { addBackup, addRestore } from './store/backup.ts';
import { addClient } from './client/client.ts';
import { addCompletion } from './completion/completion.ts';
import { addConsole } from './operator/console.ts';
import { addCopy } from './store/copy.ts';
import { addDeviceDemo } from './demo/device-demo.ts';
import { addDoctor } from './doctor.ts';
import { addNodes } from './nodes.ts';
import { addEvents } from './events.ts';
import { addGrant } from './grant/grant.ts';
import { addImport } from './import.ts';
import { addKeys } from './keys.ts';
import { addMigrate } from './store/migrate.ts';
import { addPrune } from './store/prune.ts';
import { addOperator } from './operator/operator.ts';
import { addOwner } from './owner.ts';
import { ReaderGone, UsageError, writeOutput } from './command/output.ts';
import { addRegistration } from './registration.ts';
import { addServe } from './serve.ts';
import type { CommandTerminal, Terminal, TerminalStream } from './command/terminal.ts';
import { addTroubles } from './troubles.ts';
import { addVersion } from './version.ts';
import { addWebhook } from './webhook/webhook.ts';

export type { Terminal, TerminalStream } from './command/terminal.ts';

/** 0 success, 1 failure, 2 usage error. */
const EXIT_FAILED = 1;
const EXIT_USAGE = 2;

/** `print` gets what the parser itself prints: help, in parts, and the version. */
const createProgram = (
  terminal: CommandTerminal,
  isJson: boolean,
  print: (text: string) => void,
): Command => {
  const { output, errors } = terminal;
  const program = new Command('keyfob')
    .description('OAuth 2.0 authorization server for connected cars.')
    .version(PACKAGE_VERSION)
    .exitOverride()
    // Long names of options leave little room: their descriptions are wrapped.
    .configureHelp({ minWidthToWrap: 20 })
    .configureOutput({
      writeOut: print,
      writeErr: isJson ? () => {} : (text) => void errors.write(toPrintableLines(text)),
      getOutHelpWidth: () => widthOf(output),
      getErrHelpWidth: () => widthOf(errors),
    })
    .hook(
      'preAction',
      (_, command) =>
        void command.setOptionValue('terminal', { ...terminal, command: runningCommand(command) }),
    )
    .showHelpAfterError('(see --help)')
    .addHelpText(
      'after',
      `
Examples:
  $ keyfob serve --demo
  $ keyfob client create --dialect oauth --name "Charge planner"
  $ keyfob grant create --client ID --subject owner-1
  $ keyfob doctor

Exit codes: 0 success, 1 failure, 2 usage error.
With --json, a result is one JSON object on standard output, and an error is
{"error":{"code","message","remedy"}} on standard error. Times are ISO 8601.`,
    );
  for (const add of [
    addServe,
    addClient,
    addRegistration,
    addGrant,
    addImport,
    addEvents,
    addOwner,
    addWebhook,
    addKeys,
    addConsole,
    addOperator,
    addAudit,
    addBackup,
    addRestore,
    addMigrate,
    addCopy,
    addPrune,
    addDoctor,
    addNodes,
    addTroubles,
    addDeviceDemo,
    addVersion,
    addCompletion,
  ])
    add(program);
  addReasonOptions(program);
  return program;
};

const COLUMNS = 80;

/** How wide help may be. */
const widthOf = ({ isTTY, columns }: TerminalStream): number =>
  isTTY === true && columns !== undefined ? columns : COLUMNS;

/** The code of a failure, its message, and what to do about it. */
const describeFailure = (
  error: unknown,
): { code: string; message: string; remedy: string | null; exit: number } => {
  if (error instanceof UsageError)
    return {
      code: 'usage',
      message: error.message,
      remedy: 'Run the command with --help.',
      exit: EXIT_USAGE,
    };
  if (error instanceof CommanderError) {
    const message = error.message.replace(/^error: /, '');
    return { code: 'usage', message, remedy: 'See keyfob --help.', exit: EXIT_USAGE };
  }
  if (error instanceof OperatorError) {
    const exit = error.code === 'config_invalid' ? EXIT_USAGE : EXIT_FAILED;
    return { code: error.code, message: error.message, remedy: error.remedy, exit };
  }
  if (error instanceof StoreError) {
    const remedy = 'Try again; "keyfob doctor" checks the store.';
    return { code: `store_${error.kind}`, message: error.message, remedy, exit: EXIT_FAILED };
  }
  const message = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return { code: 'internal', message, remedy: 'This is a bug in keyfob.', exit: EXIT_FAILED };
};

/**
 * Runs a command of `keyfob` on this terminal and resolves to its exit code: 0 success, 1 failure, 2 usage error. `words` are
 * the arguments after the name of the program. Never rejects: an error goes to `terminal.errors`, as JSON with `--json`.
 *
 * The commands `serve` and `events --follow` run until a signal ends their process, so a host is refused them.
 */
export const runCommand = async (words: readonly string[], terminal: Terminal): Promise<number> => {
  // Read before the options are parsed, because errors of the parser have this form too.
  const isJson = words.includes('--json');
  let exitCode = 0;
  let help = '';
  const own: CommandTerminal = { ...terminal, fail: () => void (exitCode = EXIT_FAILED) };
  const program = createProgram(own, isJson, (text) => (help += text));
  try {
    await program.parseAsync(words, { from: 'user' }).catch((error: unknown) => {
      if (!(error instanceof CommanderError && error.exitCode === 0)) throw error;
    });
    if (help !== '') await writeOutput(terminal.output, help);
  } catch (error) {
    if (error instanceof ReaderGone) return exitCode;
    const { code, message, remedy, exit } = describeFailure(error);
    if (isJson) terminal.errors.write(`${toPrintableJson({ error: { code, message, remedy } })}\n`);
    // The parser has printed its own errors already.
    else if (!(error instanceof CommanderError)) {
      const more = remedy === null ? '' : `\n  ${remedy}`;
      terminal.errors.write(toPrintableLines(`keyfob: ${message}${more}\n`));
    }
    return exit;
  }
  return exitCode;
};
