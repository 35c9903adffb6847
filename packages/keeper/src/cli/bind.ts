import type { Command } from 'commander';
import { onKeeper, withCommonOptions } from './options.ts';
import { print } from './output.ts';
import type { CommonOptions } from './output.ts';

type BindOptions = CommonOptions & { readonly accept?: readonly string[] };

const collect = (name: string, before: readonly string[] = []): readonly string[] => [...before, name];

/** `keyfob-keeper bind`: binds the rows of connections to the key. */
export const addBind = (program: Command): void => {
  withCommonOptions(program.command('bind'))
    .summary('bind every connection to the key, once after an update')
    .description(
      'A connection says which grant a name uses. Its row is bound to the key, so who can only write to the database cannot point a name at another grant. A store of an earlier version has rows that are not bound: run this once, when no process of that version is left, because rows that such a process writes afterwards are refused. It binds the rows as they are. Later it binds only what is accepted by name.',
    )
    .option(
      '--accept <name>',
      'a connection whose row another program has changed, and that is right as it is; may be repeated',
      collect,
    )
    .addHelpText('after', '\nExamples:\n  $ keyfob-keeper bind\n  $ keyfob-keeper bind --accept vin:KMH123')
    .action(async ({ accept = [], ...options }: BindOptions) => {
      const { bound, refused } = await onKeeper(options, (keeper) =>
        keeper.bindConnections({ accepted: accept }),
      );
      const isFailure = refused.length > 0;
      const text = isFailure
        ? `${bound} bound\nrefused, because another program has changed them: ${refused.join(', ')}`
        : `${bound} bound`;
      await print({ json: { bound, refused }, text, isFailure }, options);
    });
};
