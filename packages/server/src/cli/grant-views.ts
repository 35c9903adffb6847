import type { Command } from 'commander';
import { listGrants, readGrant } from '../exports/index.ts';
import { readGrantId, writeGrantId } from '../exports/tokens.ts';
import { COMMAND_NAME } from './command-name.ts';
import { detailsToJson, describeGrant, grantToJson } from './grant-report.ts';
import { unknownClient, unknownGrant } from './not-found.ts';
import { onDeployment, parseGrantId, readWholeNumber, withCommonOptions } from './options.ts';
import type { CommonOptions } from './options.ts';
import { alignColumns } from './output.ts';

type ListOptions = CommonOptions & {
  readonly client?: string;
  readonly after?: string;
  readonly limit: string;
};

const LIST_MAX = 1000;

export const addGrantViews = (grant: Command): void => {
  withCommonOptions(grant.command('list'))
    .description('Lists grants in the order of their ids, one page at a time.')
    .option('--client <id>', 'only the grants of one client')
    .option('--after <grant-id>', 'start after this grant')
    .option('--limit <number>', `how many at most (up to ${LIST_MAX})`, '100')
    .addHelpText('after', '\nExample:\n  $ keyfob grant list --client ID --limit 1000')
    .action(list);
  withCommonOptions(grant.command('show <id>'))
    .description('Shows a grant with its vehicles and its last replay. Never prints a token.')
    .addHelpText('after', '\nExample:\n  $ keyfob grant show 5f0c6a9de01b77a2')
    .action(show);
};

const list = async (options: ListOptions): Promise<void> =>
  onDeployment(options, async (context) => {
    const { client: clientId } = options;
    const limit = readWholeNumber('--limit', options.limit, { least: 1, most: LIST_MAX });
    const after = options.after === undefined ? undefined : parseGrantId(options.after);
    if (clientId !== undefined && (await context.store.readClient(clientId)).client === undefined)
      throw unknownClient(clientId);
    const page = await listGrants(context, { clientId, after, limit });
    const grants = page.grants.map(grantToJson);
    const rows = grants.map((one) => [
      one.grantId,
      one.status,
      String(one.generation),
      one.clientId,
      one.subject,
    ]);
    const table = alignColumns([['GRANT ID', 'STATUS', 'GENERATION', 'CLIENT ID', 'SUBJECT'], ...rows]);
    const next = page.next === undefined ? null : writeGrantId(page.next);
    return {
      json: { grants, next },
      text: next === null ? table : `${table}\n\nNext page: ${COMMAND_NAME} grant list --after ${next}`,
    };
  });

const show = async (id: string, options: CommonOptions): Promise<void> =>
  onDeployment(options, async (context) => {
    const grantId = readGrantId(id);
    const details = grantId === undefined ? undefined : await readGrant(context, grantId);
    if (details === undefined) throw unknownGrant(id);
    return { json: detailsToJson(details), text: describeGrant(details) };
  });
