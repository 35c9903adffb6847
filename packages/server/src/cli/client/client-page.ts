import type { Command } from 'commander';
import { readClientPlace } from '../../exports/clients.ts';
import type { ClientPage, ClientPlace } from '../../exports/clients.ts';
import { readWholeNumber } from '../command/options.ts';
import { UsageError } from '../command/output.ts';

/** Which page of a list of clients. */
export type ClientPageOptions = { readonly after?: string; readonly limit: string };

const LIST_MAX = 10_000;

/** Adds `--after` and `--limit` to a command that lists clients. */
export const withClientPage = (command: Command): Command =>
  command
    .option('--after <place>', 'start after this client: the next of an earlier page')
    .option('--limit <number>', `at most this many (up to ${LIST_MAX})`, '1000');

/** Throws `UsageError`. */
export const readClientPage = ({ after, limit }: ClientPageOptions): ClientPage => ({
  after: after === undefined ? undefined : readAfter(after),
  limit: readWholeNumber('--limit', limit, { least: 1, most: LIST_MAX }),
});

const readAfter = (text: string): ClientPlace => {
  const place = readClientPlace(text);
  if (place === undefined) throw new UsageError('--after must be the next of an earlier page');
  return place;
};
