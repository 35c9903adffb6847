import { toShellWord } from '../../exports/maintenance.ts';
import { COMMAND_NAME } from './command-name.ts';
import type { CommonOptions } from './options.ts';

/** The value of an option that was given; `true` for a flag without a value. */
type Given = string | boolean | undefined;

/** The command that prints the next page: the same on the same store with the same filters, from another place on. */
export const moreHint = (
  command: string,
  options: CommonOptions,
  filters: Readonly<Record<string, Given>>,
): string => `More: ${writeCommand(command, options, filters)}`;

/** A command on the store of this one, as a person pastes it into a shell. */
export const writeCommand = (
  command: string,
  { data, store, keyFile, scopesFile, config }: CommonOptions,
  flags: Readonly<Record<string, Given>>,
): string => {
  const given: Readonly<Record<string, Given>> = {
    ...flags,
    '--data': data,
    '--store': store === undefined || !hasPassword(store) ? store : 'URL',
    '--key-file': keyFile,
    '--scopes-file': scopesFile,
    '--config': config,
  };
  const words = Object.entries(given).flatMap(([flag, value]) => {
    if (value === undefined || value === false) return [];
    return value === true ? [flag] : [flag, toShellWord(value)];
  });
  return [COMMAND_NAME, command, ...words].join(' ');
};

/** Whether a database's address has a secret, which is not printed again. */
const hasPassword = (url: string): boolean => /:\/\/.*:.*@|password=/i.test(url);
