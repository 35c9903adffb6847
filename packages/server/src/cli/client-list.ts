import type { Command } from 'commander';
import { readClientPlace, writeClientPlace } from '../exports/clients.ts';
import type { ClientPlace } from '../exports/clients.ts';
import { findClients } from '../exports/index.ts';
import { clientToJson } from './client-report.ts';
import { moreHint } from './more.ts';
import { onDeployment, readWholeNumber, withCommonOptions } from './options.ts';
import type { CommonOptions } from './options.ts';
import { alignColumns, UsageError } from './output.ts';

type ListOptions = CommonOptions & {
  readonly text?: string;
  readonly after?: string;
  readonly limit: string;
};

const LIST_MAX = 10_000;

export const addClientList = (client: Command): void => {
  withCommonOptions(client.command('list'))
    .description('Lists the clients, oldest first, one page at a time.')
    .option('--text <text>', 'only clients with this in the id or the name, in upper or lower case')
    .option('--after <place>', 'start after this client: the next of an earlier page')
    .option('--limit <number>', `at most this many (up to ${LIST_MAX})`, '1000')
    .addHelpText(
      'after',
      '\nExamples:\n  $ keyfob client list --json\n  $ keyfob client list --text "charge planner"',
    )
    .action(list);
};

const list = async (options: ListOptions): Promise<void> =>
  onDeployment(options, async (context) => {
    const { text, limit: asked } = options;
    const limit = readWholeNumber('--limit', asked, { least: 1, most: LIST_MAX });
    const after = options.after === undefined ? undefined : readAfter(options.after);
    const { clients, next: place } = await findClients(context, { text, after, limit });
    const rows = clients.map(({ id, dialect, type, name, policy, disabledAtMs }) => [
      id,
      dialect,
      type,
      policy.rotation,
      disabledAtMs === undefined ? 'enabled' : 'disabled',
      name,
    ]);
    const table = alignColumns([['CLIENT ID', 'DIALECT', 'TYPE', 'ROTATION', 'STATE', 'NAME'], ...rows]);
    const next = place === undefined ? null : writeClientPlace(place);
    const filters = { '--text': text, '--limit': asked, '--after': next ?? undefined };
    return {
      json: { clients: clients.map((one) => clientToJson(one)), next },
      text: next === null ? table : `${table}\n\n${moreHint('client list', options, filters)}`,
    };
  });

const readAfter = (text: string): ClientPlace => {
  const place = readClientPlace(text);
  if (place === undefined) throw new UsageError('--after must be the next of an earlier page');
  return place;
};
