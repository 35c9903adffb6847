import type { Command } from 'commander';
import { migrateDeployment } from '../deployment/maintenance.ts';
import { storeNameOf } from '../deployment/names.ts';
import { readConfig, withCommonOptions } from './options.ts';
import type { CommonOptions } from './options.ts';
import { print } from './output.ts';

export const addMigrate = (program: Command): void => {
  withCommonOptions(program.command('migrate'))
    .summary('bring the store to the schema of this version')
    .description(
      'Brings the store to the newest schema. "keyfob serve" does the same at its start; run this first where the user ' +
        'that serves may not make tables. Any number of nodes may start or migrate at once. Nodes of the version before go ' +
        'on meanwhile, and a schema that is too new for this version is left as it is.',
    )
    .addHelpText('after', '\nExample:\n  $ KEYFOB_STORE=postgres://owner:PASSWORD@db/keyfob keyfob migrate')
    .action(async (options: CommonOptions) => {
      const config = readConfig(options);
      const { from, to } = await migrateDeployment(config);
      const store = storeNameOf(config);
      const text =
        from === to ? `${store} has schema ${to} already` : `${store}: from schema ${from} to ${to}`;
      print({ json: { store, from, to }, text }, options.json === true);
    });
};
