import { readFileSync } from 'node:fs';
import { text } from 'node:stream/consumers';
import type { Command } from 'commander';
import { KeeperError } from '../errors.ts';
import { findTokens, tokensOf } from '../operations/read-tokens.ts';
import type { Tokens } from '../putting/put.ts';
import type { PutStatus } from '../stores/store.ts';
import { clientOr, onKeeper, toParams, withCommonOptions } from './options.ts';
import { print, warn } from './output.ts';
import type { CommonOptions } from './output.ts';

type PutOptions = CommonOptions & {
  readonly client?: string;
  readonly file?: string;
  readonly param?: Readonly<Record<string, string>>;
};

/** What each outcome means to a person. */
export const OUTCOMES: Readonly<Record<PutStatus, string>> = {
  new: 'kept',
  replaced: 'kept, instead of the tokens before',
  linked: 'kept: another connection has the same refresh token, and both use one grant',
  known: 'known already: nothing was changed',
  outdated:
    'not kept: it had this token before, and has a later one (disconnect it first if you must go back)',
  dead: 'not kept: the provider has refused this token already, so the owner must consent again (a token that the provider has brought back is put with "obtained_at", the moment of that)',
};

/** `keyfob-keeper put NAME`: keeps the tokens of one car. */
export const addPut = (program: Command): void => {
  withCommonOptions(program.command('put <name>'))
    .summary('keep the tokens of a car, from a file or standard input')
    .description(
      'Keeps tokens under a name, on disk and encrypted. They are the answer of the code exchange as it came (JSON), or a refresh token alone. They are read from standard input, or from a file: never from the command line, which other programs can see.',
    )
    .option('--client <name>', 'client of the settings; not needed where there is one')
    .option('--file <path>', 'read the tokens from a file')
    .option('--param <name=value>', 'what the provider wants per car, such as brand=kia', toParams)
    .addHelpText(
      'after',
      '\nExamples:\n  $ keyfob-keeper put vin:KMH123 --file tokens.json\n  $ keyfob-keeper put vin:KMH123 --client pl --param brand=kia < tokens.json',
    )
    .action(async (name: string, options: PutOptions) => {
      const tokens = parseTokens(await readInput(options));
      const { status, client } = await onKeeper(
        options,
        async (keeper, settings) => {
          const named = clientOr(options.client, settings);
          return {
            client: named,
            status: await keeper.put(name, named, tokens, { params: options.param ?? {} }).catch(asOfCommand),
          };
        },
        { isMade: true },
      );
      await print(
        {
          json: { name, client, status },
          text: `${name}: ${OUTCOMES[status]}`,
          isFailure: status === 'dead',
        },
        options,
      );
    });
};

const readInput = async (options: PutOptions): Promise<string> => {
  const { file, terminal } = options;
  if (file !== undefined && file !== '-') {
    try {
      return readFileSync(file, 'utf8');
    } catch (error) {
      const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown';
      throw new KeeperError('tokens_unreadable', `${file} cannot be read (${code})`, 'Name another file.');
    }
  }
  if (terminal.input.isTTY === true) warn(options, 'paste the tokens, then press Ctrl-D');
  return text(terminal.input);
};

/** The answer of a token endpoint as it came, or a refresh token alone. Throws `KeeperError`. */
const parseTokens = (input: string): Tokens => {
  const given = input.trim();
  if (given === '')
    throw new KeeperError(
      'tokens_missing',
      'No tokens were given',
      'Write them to standard input, or name --file.',
    );
  if (!given.startsWith('{')) {
    // No token begins like JSON or like the page of a proxy.
    if (/^[^\s["'<]\S*$/.test(given)) return { refreshToken: given };
    throw new KeeperError(
      'tokens_unreadable',
      'The input is no JSON object, and no token',
      'Give the answer of the code exchange as it came.',
    );
  }
  try {
    return tokensOf(findTokens(JSON.parse(given)), Date.now());
  } catch (error) {
    // The parser's message quotes the text.
    if (!(error instanceof SyntaxError)) throw error;
    throw new KeeperError(
      'tokens_unreadable',
      'The input is not JSON',
      'Give the answer of the code exchange as it came.',
    );
  }
};

/** The remedies of the library name its members: these are those of the command. */
const asOfCommand = (error: unknown): never => {
  const name = error instanceof KeeperError ? /parameter "(\w+)"/.exec(error.message)?.[1] : undefined;
  if (!(error instanceof KeeperError) || error.code !== 'param_missing' || name === undefined) throw error;
  throw new KeeperError(
    error.code,
    `The provider needs the parameter "${name}" for every connection`,
    `Give it with --param ${name}=VALUE.`,
  );
};
