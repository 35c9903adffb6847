import type { Command } from 'commander';
import { writeClientPlace } from '../../exports/clients.ts';
import { CLIENTS_SEARCHED_MAX, findClients } from '../../exports/index.ts';
import { readClientPage, withClientPage } from './client-page.ts';
import type { ClientPageOptions } from './client-page.ts';
import { clientToJson } from './client-report.ts';
import { moreHint } from '../command/more-hint.ts';
import { onDeployment, withCommonOptions } from '../command/options.ts';
import type { CommonOptions } from '../command/options.ts';
import { alignColumns } from '../command/output.ts';

type ListOptions = CommonOptions & ClientPageOptions & { readonly text?: string };

export const addClientList = (client: Command): void => {
  withClientPage(withCommonOptions(client.command('list')))
    .description('Lists the clients, oldest first, one page at a time.')
    .option(
      '--text <text>',
      `only clients with this in the id or the name, in upper or lower case; a page looks through ${CLIENTS_SEARCHED_MAX} clients`,
    )
    .addHelpText(
      'after',
      '\nExamples:\n  $ keyfob client list --json\n  $ keyfob client list --text "charge planner"',
    )
    .action(list);
};

const list = async (options: ListOptions): Promise<void> =>
  onDeployment(options, async (context) => {
    const { text } = options;
    const { clients, next: place } = await findClients(context, { text, ...readClientPage(options) });
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
    const filters = { '--text': text, '--limit': options.limit, '--after': next ?? undefined };
    return {
      json: { clients: clients.map((one) => clientToJson(one)), next },
      text: next === null ? table : `${table}\n\n${moreHint('client list', options, filters)}`,
    };
  });
