import { readFileSync } from 'node:fs';
import { Command, CommanderError } from 'commander';
import { addBind } from './bind.ts';
import { addDoctor } from './doctor.ts';
import { addEvents } from './events.ts';
import { EXIT_FAILED, failureOf } from './finish.ts';
import { addForecast } from './forecast.ts';
import { addImport } from './import.ts';
import { addInit } from './init.ts';
import { addKey } from './key.ts';
import { addList } from './list.ts';
import { printable, ReaderGone, writeOutput } from './output.ts';
import { addPut } from './put.ts';
import { addAdopt, addQuarantine } from './quarantine.ts';
import { addDisconnect, addRefresh } from './refresh.ts';
import { addRekey } from './rekey.ts';
import { addServe } from './serve.ts';
import { addShow } from './show.ts';
import { widthOf } from './terminal.ts';
import type { CommandTerminal, Terminal } from './terminal.ts';
import { addToken } from './token.ts';
import { addWatch } from './watch.ts';

const readVersion = (): string =>
  (JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as { version: string })
    .version;

const HELP = `
Examples:
  $ keyfob-keeper init
  $ keyfob-keeper put vin:KMH123 --file tokens.json
  $ keyfob-keeper token vin:KMH123
  $ keyfob-keeper doctor

Settings come from keyfob-keeper.json and from KEEPER_STORE, KEEPER_KEY and the
variables that the file names. Exit codes: 0 done, 1 trouble, 2 usage error.
With --json, a result is one JSON object on standard output, and an error is
{"error":{"code","message","remedy"}} on standard error. Moments are
milliseconds since 1970.`;

/** `print` gets what the parser itself prints: help, in parts, and the version. */
const createProgram = (
  terminal: CommandTerminal,
  isJson: boolean,
  print: (text: string) => void,
): Command => {
  const { output, errors } = terminal;
  const program = new Command('keyfob-keeper')
    .description('Holds the tokens of connected cars, and never loses one.')
    .version(readVersion())
    .exitOverride()
    .configureOutput({
      writeOut: print,
      writeErr: isJson ? () => {} : (text) => void errors.write(text),
      getOutHelpWidth: () => widthOf(output),
      getErrHelpWidth: () => widthOf(errors),
    })
    .hook('preAction', (_, command) => void command.setOptionValue('terminal', terminal))
    .showHelpAfterError('(see --help)')
    .addHelpText('after', HELP);
  for (const add of [
    addInit,
    addPut,
    addImport,
    addToken,
    addList,
    addShow,
    addRefresh,
    addDisconnect,
    addForecast,
    addEvents,
    addDoctor,
    addRekey,
    addBind,
    addQuarantine,
    addAdopt,
    addKey,
    addServe,
    addWatch,
  ])
    add(program);
  return program;
};

/**
 * Runs a command on this terminal and resolves to its exit code: 0 done, 1 trouble, 2 usage error. `words` are the arguments
 * after the name of the program. Never rejects: an error goes to `terminal.errors`, as JSON with `--json`.
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
    const { code, message, remedy, exit } = failureOf(error);
    if (isJson) terminal.errors.write(`${JSON.stringify({ error: { code, message, remedy } })}\n`);
    // The parser has printed its own errors already.
    else if (!(error instanceof CommanderError))
      terminal.errors.write(`keyfob-keeper: ${printable(message)}\n  ${printable(remedy)}\n`);
    return exit;
  }
  return exitCode;
};
