import type { Command } from 'commander';
import { rotateKey, systemClock } from '../exports/index.ts';
import { toSeconds } from '../exports/grants.ts';
import { createKeyLine } from '../exports/tokens.ts';
import { onDeployment, readWholeNumber, withCommonOptions } from './options.ts';
import type { CommonOptions } from './options.ts';
import { alignColumns, print, showTime } from './output.ts';

export const addKeys = (program: Command): void => {
  const keys = program
    .command('keys')
    .summary('list and rotate the keys that seal tokens')
    .description(
      'The newest key seals new tokens; every key of the ring opens its own. Adding a key ends no token.',
    );
  withCommonOptions(keys.command('list'))
    .description('Lists the keys by number and fingerprint. Never prints a key.')
    .addHelpText('after', '\nExample:\n  $ keyfob keys list')
    .action(async (options: CommonOptions) =>
      onDeployment(options, async ({ keyRing }) => {
        const listed = keyRing.keys.map(({ number, createdAt, fingerprint }) => ({
          number,
          createdAt,
          fingerprint,
          sealing: number === keyRing.newest.number,
        }));
        const rows = listed.map(({ number, createdAt, fingerprint, sealing }) => [
          String(number),
          showTime(createdAt),
          sealing ? 'seals and opens' : 'opens',
          fingerprint,
        ]);
        return {
          json: { keys: listed },
          text: alignColumns([['KEY', 'CREATED', 'USE', 'FINGERPRINT'], ...rows]),
        };
      }),
    );
  withCommonOptions(keys.command('rotate'))
    .description('Adds a key, which seals from the next request on. Back up the key file afterwards.')
    .addHelpText('after', '\nExample:\n  $ keyfob keys rotate')
    .action(async (options: CommonOptions) =>
      onDeployment(options, async ({ store, clock }, { keys: source }) => {
        const { number, createdAtMs, fingerprint } = await rotateKey({ store, clock, keys: source });
        return {
          json: { number, createdAt: toSeconds(createdAtMs), fingerprint },
          text: `key ${number} now seals; back up the key file`,
        };
      }),
    );
  keys
    .command('create')
    .description(
      'Prints a new key line, for a secret manager that provides it as KEYFOB_KEY. Changes nothing.',
    )
    .option('--number <number>', 'the number of the key in the ring', '1')
    .option('--json', 'print JSON instead of text')
    .addHelpText('after', '\nExample:\n  $ keyfob keys create | your-secret-manager put keyfob-keys')
    .action(async (options: { readonly number: string; readonly json?: boolean }) => {
      const number = readWholeNumber('--number', options.number, { least: 1 });
      const line = createKeyLine(number, toSeconds(systemClock()));
      const remedyIfLost = 'It is stored nowhere. Run the command again.';
      await print({ json: { key: line }, text: line, remedyIfLost }, options.json === true);
    });
};
