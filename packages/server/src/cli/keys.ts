import type { Command } from 'commander';
import { toSeconds } from '../clock.ts';
import { createKeyLine } from '../tokens/key-ring.ts';
import { onDeployment, withCommonOptions } from './options.ts';
import type { CommonOptions } from './options.ts';
import { alignColumns, showTime, UsageError } from './output.ts';

export const addKeys = (program: Command): void => {
  const keys = program
    .command('keys')
    .summary('list and rotate the keys that seal tokens')
    .description('The newest key seals, every key of the ring opens: a new key logs nobody out.');
  withCommonOptions(keys.command('list'))
    .description('Lists the keys by number and fingerprint; never the keys themselves.')
    .addHelpText('after', '\nExample:\n  $ keyfob keys list')
    .action(async (options: CommonOptions) =>
      onDeployment(options, async ({ keyRing }) => {
        const ring = keyRing;
        const listed = ring.keys.map(({ number, createdAt, fingerprint }) => ({
          number,
          createdAt,
          fingerprint,
          sealing: number === ring.newest.number,
        }));
        const rows = listed.map((key) => [
          String(key.number),
          showTime(key.createdAt),
          key.sealing ? 'seals and opens' : 'opens',
          key.fingerprint,
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
      onDeployment(options, async ({ keys: source, store }) => {
        const { newest } = source.rotate(toSeconds(Date.now()));
        const { number, createdAt, fingerprint } = newest;
        await store.registerKey({ number, createdAt, fingerprint });
        return {
          json: { number, createdAt, fingerprint },
          text: `key ${number} seals from now on; back up the key file`,
        };
      }),
    );
  keys
    .command('create')
    .description('Prints a new key line for a secret manager to hand over as KEYFOB_KEY. Touches nothing.')
    .option('--number <number>', 'its number in the ring', '1')
    .option('--json', 'print JSON instead of text')
    .addHelpText('after', '\nExample:\n  $ keyfob keys create | your-secret-manager put keyfob-keys')
    .action(({ number, json }: { readonly number: string; readonly json?: boolean }) => {
      if (!/^[1-9][0-9]{0,8}$/.test(number))
        throw new UsageError('--number must be a whole number of at least 1');
      const line = createKeyLine(Number(number), toSeconds(Date.now()));
      process.stdout.write(`${json === true ? JSON.stringify({ key: line }) : line}\n`);
    });
};
