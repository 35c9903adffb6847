import { Option } from 'commander';
import type { Command } from 'commander';
import { KeeperError } from '../errors.ts';
import { createServiceKey, listServiceKeys, removeServiceKey } from '../service/keys.ts';
import type { ServiceKeyView } from '../service/keys.ts';
import { SCOPES } from '../stores/service-keys.ts';
import type { ServiceScope } from '../stores/service-keys.ts';
import { days } from '../time.ts';
import { describeMoment } from '../operations/describe-span.ts';
import { onKeeper, readWholeNumber, withCommonOptions } from './options.ts';
import { print, printable, warn } from './output.ts';
import type { CommonOptions } from './output.ts';
import { fitTable } from './table.ts';

type AddOptions = CommonOptions & {
  readonly scope?: readonly ServiceScope[];
  readonly prefix?: string;
  readonly days?: string;
};

/** `keyfob-keeper key`: who may ask the service. */
export const addKey = (program: Command): void => {
  const key = program
    .command('key')
    .summary('keys of the service')
    .description('Makes, lists and removes the keys with which programs ask the service.');
  addKeyAdd(key);
  addKeyList(key);
  addKeyRemove(key);
};

const addKeyAdd = (key: Command): void => {
  withCommonOptions(key.command('add <name>'))
    .summary('make a key, and show it once')
    .description(
      'Makes a key and prints it, once: the store has only its digest. Running services accept it within five seconds.',
    )
    .addOption(new Option('--scope <scope...>', 'what it may do').choices(SCOPES).makeOptionMandatory())
    .option('--prefix <text>', 'only connections whose names begin with it')
    .option('--days <count>', 'it ends after so many days (default: never)')
    .addHelpText(
      'after',
      '\nExamples:\n  $ keyfob-keeper key add app --scope tokens:read\n  $ keyfob-keeper key add me --scope grants:read --days 30',
    )
    .action(async (name: string, options: AddOptions) => {
      const { scope = [], prefix } = options;
      const expiresAtMs =
        options.days === undefined
          ? undefined
          : Date.now() + days(readWholeNumber('--days', options.days, 1, 36_500));
      const made = await onKeeper(
        options,
        (keeper) => createServiceKey(keeper, { name, scopes: scope, namePrefix: prefix, expiresAtMs }),
        { isMade: true },
      );
      if (options.json !== true) warn(options, 'this key is shown once, and stored nowhere');
      await print({ json: made, text: made.key }, options);
    });
};

const addKeyList = (key: Command): void => {
  withCommonOptions(key.command('ls'))
    .summary('list the keys')
    .description('Lists the keys, what each may do, and when it was used last.')
    .addHelpText('after', '\nExample:\n  $ keyfob-keeper key ls')
    .action(async (options: CommonOptions) => {
      const keys = await onKeeper(options, (keeper) => listServiceKeys(keeper));
      await print({ json: { keys }, text: textOf(keys, options) }, options);
    });
};

const addKeyRemove = (key: Command): void => {
  withCommonOptions(key.command('rm <name>'))
    .summary('remove a key')
    .description('Removes a key. Every service refuses it within five seconds.')
    .addHelpText('after', '\nExample:\n  $ keyfob-keeper key rm app')
    .action(async (name: string, options: CommonOptions) => {
      const wasThere = await onKeeper(options, (keeper) => removeServiceKey(keeper, name));
      if (!wasThere)
        throw new KeeperError('key_unknown', `There is no key ${name}`, 'See "keyfob-keeper key ls".');
      await print({ json: { name, removed: true }, text: `${name}: removed` }, options);
    });
};

const textOf = (keys: readonly ServiceKeyView[], { terminal }: CommonOptions): string => {
  if (keys.length === 0) return 'no keys yet: "keyfob-keeper key add" makes one';
  const nowMs = Date.now();
  const moment = (atMs: number | undefined, none: string): string =>
    atMs === undefined ? none : describeMoment(atMs, nowMs);
  const rows = keys.map(({ name, scopes, namePrefix, expiresAtMs, usedAtMs, isBound }) => [
    printable(name),
    scopes.join(' '),
    namePrefix ?? '-',
    moment(expiresAtMs, 'never'),
    isBound ? moment(usedAtMs, 'never') : 'refused: not made with the key of this keeper, make it again',
  ]);
  return fitTable([['NAME', 'SCOPES', 'PREFIX', 'ENDS', 'USED'], ...rows], 0, terminal.output);
};
