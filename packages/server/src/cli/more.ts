import { COMMAND_NAME } from './command-name.ts';

/** The value of an option that was given; `true` for a flag without a value. */
type Given = string | boolean | undefined;

/**
 * The command that prints the next page: the same with the same filters, from another place on. Addresses of stores are left
 * out, because a password may be in one.
 */
export const moreHint = (command: string, options: Readonly<Record<string, Given>>): string => {
  const words = Object.entries(options).flatMap(([flag, value]) => {
    if (value === undefined || value === false) return [];
    return value === true ? [flag] : [flag, quoteForShell(value)];
  });
  return `More: ${[COMMAND_NAME, command, ...words].join(' ')}`;
};

/** A word as every POSIX shell reads it back. */
const quoteForShell = (text: string): string =>
  /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
