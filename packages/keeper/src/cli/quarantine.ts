import type { Command } from 'commander';
import { keeperOptions } from '../config/open-parts.ts';
import { openKeeper } from '../keeper.ts';
import { quarantineStore, reportOf } from '../operations/quarantine.ts';
import { onStore, settingsOf, withCommonOptions } from './options.ts';
import { print, UsageError } from './output.ts';
import type { CommonOptions } from './output.ts';

/** `keyfob-keeper quarantine`: a copy of production must not send. */
export const addQuarantine = (program: Command): void => {
  withCommonOptions(program.command('quarantine'))
    .summary('let a copy of a store serve tokens, and send nothing')
    .description(
      'Puts the store in quarantine on this machine, before the first start of a copy: its keepers serve access tokens while these are valid, and send no refresh token. A keeper that runs already goes on: stop it first. A copy and a restored backup are mostly noticed without this.',
    )
    .addHelpText('after', '\nExample:\n  $ keyfob-keeper quarantine --config staging.json')
    .action(async (options: CommonOptions) => {
      const report = await onStore(options, (store) => quarantineStore(store));
      await print({ json: report, text: report.why }, options);
    });
};

/** `keyfob-keeper adopt`: ends a quarantine. */
export const addAdopt = (program: Command): void => {
  withCommonOptions(program.command('adopt'))
    .summary('end a quarantine: this is the only copy that sends')
    .description(
      'Ends the quarantine of a copied or restored store. Two stores that send the same refresh tokens end these grants: stop every other keeper of them first.',
    )
    .option('--i-am-the-only-copy', 'no other keeper uses these grants')
    .addHelpText('after', '\nExample:\n  $ keyfob-keeper adopt --i-am-the-only-copy')
    .action(async (options: CommonOptions & { readonly iAmTheOnlyCopy?: boolean }) => {
      if (options.iAmTheOnlyCopy !== true)
        throw new UsageError(
          'adopt needs --i-am-the-only-copy: where another keeper uses these grants, both would end them',
        );
      const keeper = await openKeeper({
        ...keeperOptions(settingsOf(options), false),
        isScheduling: false,
        isOnlyCopy: true,
      });
      await keeper.close();
      const report = reportOf(undefined);
      await print({ json: report, text: report.why }, options);
    });
};
