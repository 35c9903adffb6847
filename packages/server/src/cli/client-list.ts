import type { Command } from 'commander';
import type { Client } from '../exports/clients.ts';
import { clientToJson } from './client-report.ts';
import { moreHint } from './more.ts';
import { unknownClient } from './not-found.ts';
import { onDeployment, readWholeNumber, withCommonOptions } from './options.ts';
import type { CommonOptions } from './options.ts';
import { alignColumns } from './output.ts';

type ListOptions = CommonOptions & { readonly after?: string; readonly limit: string };

const LIST_MAX = 10_000;

export const addClientList = (client: Command): void => {
  withCommonOptions(client.command('list'))
    .description('Lists the clients, one page at a time.')
    .option('--after <id>', 'start after this client')
    .option('--limit <number>', `at most this many (up to ${LIST_MAX})`, '1000')
    .addHelpText('after', '\nExample:\n  $ keyfob client list --json')
    .action(list);
};

const list = async (options: ListOptions): Promise<void> =>
  onDeployment(options, async ({ store }) => {
    const { limit, after, data, config } = options;
    const size = readWholeNumber('--limit', limit, { least: 1, most: LIST_MAX });
    const { clients, next } = pageOf(await store.listClients(), after, size);
    const rows = clients.map(({ id, dialect, type, name, policy, disabledAtMs }) => [
      id,
      dialect,
      type,
      policy.rotation,
      disabledAtMs === undefined ? 'enabled' : 'disabled',
      name,
    ]);
    const table = alignColumns([['CLIENT ID', 'DIALECT', 'TYPE', 'ROTATION', 'STATE', 'NAME'], ...rows]);
    const more = { '--limit': limit, '--data': data, '--config': config, '--after': next ?? undefined };
    return {
      json: { clients: clients.map((one) => clientToJson(one)), next },
      text: next === null ? table : `${table}\n\n${moreHint('client list', more)}`,
    };
  });

/** Clients are few, and a store has them in memory: the page is cut out of the whole list. */
const pageOf = (
  all: readonly Client[],
  after: string | undefined,
  size: number,
): { readonly clients: readonly Client[]; readonly next: string | null } => {
  const before = after === undefined ? -1 : all.findIndex(({ id }) => id === after);
  if (after !== undefined && before < 0) throw unknownClient(after);
  const clients = all.slice(before + 1, before + 1 + size);
  return { clients, next: before + 1 + size < all.length ? (clients.at(-1)?.id ?? null) : null };
};
