import type { Command } from 'commander';
import { readSettings } from '../config/settings.ts';
import type { Settings } from '../config/settings.ts';
import { openForCommand, openStore } from '../config/open-parts.ts';
import type { Keeper } from '../keeper.ts';
import type { Store } from '../stores/store.ts';
import { UsageError } from './output.ts';
import type { CommonOptions } from './output.ts';

/** Adds the options that every command has. */
export const withCommonOptions = (command: Command): Command =>
  command
    .option('--config <file>', 'settings file (or KEEPER_CONFIG; default: keyfob-keeper.json)')
    .option('--json', 'print JSON instead of text');

/** The settings of a command. Throws `KeeperError`. */
export const settingsOf = ({ config, terminal }: CommonOptions): Settings =>
  readSettings(terminal.environment, config);

/** Runs work on the store: it looks, and needs no key. */
export const onStore = async <Result>(
  options: CommonOptions,
  work: (store: Store, settings: Settings) => Promise<Result>,
): Promise<Result> => {
  const settings = settingsOf(options);
  const store = await openStore(settings);
  try {
    return await work(store, settings);
  } finally {
    await store.close();
  }
};

/** Runs work on a keeper of this process, beside the one of a running service. `isMade` lets it make a new store. */
export const onKeeper = async <Result>(
  options: CommonOptions,
  work: (keeper: Keeper, settings: Settings) => Promise<Result>,
  { isMade = false }: { readonly isMade?: boolean } = {},
): Promise<Result> => {
  const settings = settingsOf(options);
  const keeper = await openForCommand(settings, isMade);
  try {
    return await work(keeper, settings);
  } finally {
    await keeper.close();
  }
};

/** Parses an option that must be a whole number. */
export const readWholeNumber = (flag: string, text: string, least: number, most: number): number => {
  const number = Number(text);
  if (/^\d{1,9}$/.test(text) && number >= least && number <= most) return number;
  throw new UsageError(`${flag} must be a whole number from ${least} to ${most}`);
};

/** Collects `NAME=VALUE` of an option that may be repeated. */
export const toParams = (
  pair: string,
  before: Readonly<Record<string, string>> = {},
): Readonly<Record<string, string>> => {
  const at = pair.indexOf('=');
  if (at < 1) throw new UsageError('--param must be NAME=VALUE, for example brand=kia');
  return { ...before, [pair.slice(0, at)]: pair.slice(at + 1) };
};

/** The client that is meant where none is named: the only one. */
export const clientOr = (named: string | undefined, { clients }: Settings): string => {
  const names = Object.keys(clients);
  const [only] = names;
  if (named !== undefined) return named;
  if (only !== undefined && names.length === 1) return only;
  throw new UsageError(
    only === undefined
      ? 'The settings have no client: add one to "clients"'
      : `Name the client with --client: ${names.join(', ')}`,
  );
};
