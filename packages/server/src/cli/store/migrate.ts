import type { Command } from 'commander';
import { storeNameOf } from '../../exports/index.ts';
import { migrateDeployment } from '../../exports/maintenance.ts';
import { addressOf, noteMaintenance } from './audited-maintenance.ts';
import { readConfig, withCommonOptions } from '../command/options.ts';
import type { CommonOptions } from '../command/options.ts';
import { print } from '../command/output.ts';
import { REASON_OPTION } from '../command/reason-option.ts';

export const addMigrate = (program: Command): void => {
  withCommonOptions(program.command('migrate'))
    .summary('update the store to the schema of this version')
    .description(
      'Updates the store to the newest schema. "keyfob serve" does the same when it starts; run this first where the ' +
        'database user that serves may not create tables. Any number of nodes may start or migrate at the same time. ' +
        'Nodes of the previous version keep serving, and a schema newer than this version is left unchanged.',
    )
    .option(...REASON_OPTION)
    .addHelpText('after', '\nExample:\n  $ KEYFOB_STORE=postgres://owner:PASSWORD@db/keyfob keyfob migrate')
    .action(async (options: CommonOptions & { readonly reason?: string }) => {
      const config = readConfig(options);
      const { from, to } = await migrateDeployment(config);
      const { terminal, reason } = options;
      // Before it, there may be no log.
      if (from !== to)
        await noteMaintenance(addressOf(config), terminal, {
          action: 'store.migrate',
          reason,
          details: { from, to },
        });
      const store = storeNameOf(config);
      const text =
        from === to ? `${store} already has schema ${to}` : `${store}: migrated from schema ${from} to ${to}`;
      await print({ json: { store, from, to }, text }, options);
    });
};
