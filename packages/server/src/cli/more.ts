import { COMMAND_NAME } from './command-name.ts';
import type { CommonOptions } from './options.ts';

/** The value of an option that was given; `true` for a flag without a value. */
type Given = string | boolean | undefined;

/** The command that prints the next page: the same on the same store with the same filters, from another place on. */
export const moreHint = (
  command: string,
  { data, store, keyFile, scopesFile, config }: CommonOptions,
  filters: Readonly<Record<string, Given>>,
): string => {
  const given: Readonly<Record<string, Given>> = {
    ...filters,
    '--data': data,
    // A password may be in it.
    '--store': store === undefined ? undefined : 'URL',
    '--key-file': keyFile,
    '--scopes-file': scopesFile,
    '--config': config,
  };
  const words = Object.entries(given).flatMap(([flag, value]) => {
    if (value === undefined || value === false) return [];
    return value === true ? [flag] : [flag, quoteForShell(value)];
  });
  return `More: ${[COMMAND_NAME, command, ...words].join(' ')}`;
};

/** A word as every POSIX shell reads it back. */
const quoteForShell = (text: string): string =>
  /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
