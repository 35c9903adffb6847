import type { Command } from 'commander';
import { onKeeper, withCommonOptions } from './options.ts';
import { print } from './output.ts';
import type { CommonOptions } from './output.ts';
import { createProgressBar } from './progress.ts';

/** `keyfob-keeper rekey`: seals everything with the first key. */
export const addRekey = (program: Command): void => {
  withCommonOptions(program.command('rekey'))
    .summary('seal everything with the first key, after a change of keys')
    .description(
      'Seals every token with the first of the keys. Keepers go on working meanwhile, and it may be stopped at any time. To change keys: put the new one before the old one in the key file or in KEEPER_KEY, restart the keepers, run rekey, and remove the old one when doctor says that it is not needed. Where several nodes share a store, put the new one after the old one first and restart them all: then each can read what another one seals.',
    )
    .addHelpText('after', '\nExample:\n  $ keyfob-keeper rekey')
    .action(async (options: CommonOptions) => {
      const bar = createProgressBar(options.terminal.errors, 'sealed anew');
      try {
        const { resealed, moved } = await onKeeper(options, (keeper) =>
          keeper.rekey((count) => bar.show(undefined, count)),
        );
        bar.end();
        const again = moved > 0 ? `; ${moved} were refreshed meanwhile: run it again` : '';
        await print({ json: { resealed, moved }, text: `${resealed} sealed anew${again}` }, options);
      } finally {
        bar.end();
      }
    });
};
