import { Option } from 'commander';
import type { Command } from 'commander';
import { findGrants } from '../../exports/index.ts';
import type { GrantSearch, OperationContext } from '../../exports/index.ts';
import { STATUSES } from '../../exports/grants.ts';
import type { Status } from '../../exports/grants.ts';
import { writeGrantId } from '../../exports/tokens.ts';
import { grantToJson } from './grant-report.ts';
import { moreHint } from '../command/more-hint.ts';
import { unknownClient } from '../command/not-found.ts';
import {
  onDeployment,
  parseGrantId,
  readVin,
  readWholeNumber,
  withCommonOptions,
} from '../command/options.ts';
import type { CommonOptions } from '../command/options.ts';
import { alignColumns } from '../command/output.ts';
import { readSince, SINCE } from '../command/since.ts';

type ListOptions = CommonOptions & {
  readonly client?: string;
  readonly subject?: string;
  readonly vin?: string;
  readonly status?: Status;
  readonly request?: string;
  readonly since?: string;
  readonly after?: string;
  readonly limit: string;
};

const LIST_MAX = 1000;

export const addGrantList = (grant: Command): void => {
  withCommonOptions(grant.command('list'))
    .description(
      'Finds grants: those to which every given option applies, in the order of their ids, one page at a time.',
    )
    .option('--subject <id>', 'only the grants of one vehicle owner')
    .option('--vin <vin>', 'only grants that cover this vehicle now')
    .option('--client <id>', 'only the grants of one client')
    .addOption(new Option('--status <status>', 'only grants in this status').choices(STATUSES))
    .option('--request <id>', 'only grants that this request made or changed; refreshes are not stored')
    .option('--since <when>', `only grants created since: ${SINCE}`)
    .option('--after <grant-id>', 'start after this grant')
    .option('--limit <number>', `at most this many (up to ${LIST_MAX})`, '100')
    .addHelpText(
      'after',
      `
Examples:
  $ keyfob grant list --subject owner-1
  $ keyfob grant list --vin KMHC85LC0MU123456 --status revoked
  $ keyfob grant list --client ID --since 7d --limit 1000 --json`,
    )
    .action(list);
};

const list = async (options: ListOptions): Promise<void> =>
  onDeployment(options, async (context) => {
    const limit = readWholeNumber('--limit', options.limit, { least: 1, most: LIST_MAX });
    const after = options.after === undefined ? undefined : parseGrantId(options.after);
    const found = await findGrants(context, await readSearch(options, context), { after, limit });
    const grants = found.grants.map(grantToJson);
    const rows = grants.map((one) => [
      one.grantId,
      one.status,
      String(one.generation),
      one.clientId,
      one.subject,
    ]);
    const table = alignColumns([['GRANT ID', 'STATUS', 'GENERATION', 'CLIENT ID', 'SUBJECT'], ...rows]);
    const next = found.next === undefined ? null : writeGrantId(found.next);
    const text =
      next === null ? table : `${table}\n\n${moreHint('grant list', options, flagsOf(options, next))}`;
    return { json: { grants, next }, text };
  });

const readSearch = async (
  { client: clientId, subject, vin, status, request: requestId, since }: ListOptions,
  { store, clock }: OperationContext,
): Promise<GrantSearch> => {
  if (clientId !== undefined && (await store.readClient(clientId)).client === undefined)
    throw unknownClient(clientId);
  return {
    clientId,
    subject,
    vin: vin === undefined ? undefined : readVin(vin),
    status,
    requestId,
    createdSinceMs: since === undefined ? undefined : readSince(since, clock()),
  };
};

const flagsOf = ({ subject, vin, client, status, request, since, limit }: ListOptions, after: string) => ({
  '--subject': subject,
  '--vin': vin,
  '--client': client,
  '--status': status,
  '--request': request,
  '--since': since,
  '--limit': limit,
  '--after': after,
});
