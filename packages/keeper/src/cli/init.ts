import { relative } from 'node:path';
import { Option } from 'commander';
import type { Command } from 'commander';
import { PROVIDER_NAMES } from '../providers/vendors.ts';
import { writeStartingFiles } from '../config/starting-file.ts';
import type { StartingChoices } from '../config/starting-file.ts';
import { print, UsageError } from './output.ts';
import type { CommonOptions } from './output.ts';

type InitOptions = CommonOptions & {
  readonly provider: StartingChoices['provider'];
  readonly client?: string;
  readonly clientId?: string;
  readonly keyFile: string | false;
};

/** `keyfob-keeper init`: a settings file and a key to start with. */
export const addInit = (program: Command): void => {
  program
    .command('init')
    .summary('write a settings file with comments, and a new key')
    .description(
      'Writes keyfob-keeper.json and a new key into this directory, readable by this user only. Nothing is written over.',
    )
    .addOption(
      new Option('--provider <name>', 'whose API').choices(PROVIDER_NAMES).default(PROVIDER_NAMES[0]),
    )
    .option('--client <name>', 'name of the client in the keeper (default: the provider)')
    .option('--client-id <id>', 'client id at the provider')
    .option('--key-file <path>', 'where the key is written', 'keeper.key')
    .option('--no-key-file', 'make no key: KEEPER_KEY will have it')
    .option('--json', 'print JSON instead of text')
    .addHelpText(
      'after',
      '\nExamples:\n  $ keyfob-keeper init --provider smartcar --client-id ID\n  $ keyfob-keeper init --provider pleos --client cars --no-key-file',
    )
    .action(async (options: InitOptions) => {
      const { provider, client = provider, clientId, keyFile } = options;
      if (!/^[\w.-]{1,64}$/.test(client))
        throw new UsageError('--client must be 1 to 64 letters, digits, dots, dashes and underscores');
      const started = writeStartingFiles({
        directory: process.cwd(),
        provider,
        client,
        clientId,
        keyFile: keyFile === false ? undefined : keyFile,
      });
      await print({ json: started, text: textOf(started, client) }, options);
    });
};

const textOf = (
  { settingsFile, keyFile, secretVariable }: ReturnType<typeof writeStartingFiles>,
  client: string,
): string =>
  [
    `wrote ${relative('.', settingsFile)}`,
    ...(keyFile === undefined
      ? ['set KEEPER_KEY to 32 random bytes in base64url, and keep a copy elsewhere']
      : [`wrote ${relative('.', keyFile)}: back it up, and keep it out of version control`]),
    '',
    'Next:',
    `  export ${secretVariable}=...    # as the provider shows it`,
    '  keyfob-keeper doctor',
    `  keyfob-keeper put vin:KMH123 --client ${client} --file tokens.json`,
    '  keyfob-keeper token vin:KMH123',
  ].join('\n');
