import { toMillis, toSeconds } from '../../exports/grants.ts';
import { Option } from 'commander';
import type { Command } from 'commander';
import { createGrant, optionOf } from '../../exports/index.ts';
import type { OperationContext } from '../../exports/index.ts';
import { DIALECTS } from '../../exports/dialects.ts';
import { OperatorError } from '../../exports/errors.ts';
import { readGrantId, writeGrantId } from '../../exports/tokens.ts';
import type { GrantId } from '../../exports/tokens.ts';
import { unknownClient } from '../command/not-found.ts';
import { onDeployment, toUsageError, withCommonOptions } from '../command/options.ts';
import type { CommonOptions } from '../command/options.ts';
import { alignColumns, showTime, writeTime } from '../command/output.ts';
import type { Report } from '../command/output.ts';

type CreateOptions = CommonOptions & {
  readonly client: string;
  readonly subject: string;
  readonly scope: string;
  readonly brand?: string;
  readonly publicUrl?: string;
};

const FIELDS = ['subject', 'scope'] as const;

const BRANDS: readonly string[] = Object.values(DIALECTS).flatMap(({ brands }) => brands);

export const addGrantCreate = (grant: Command): void => {
  withCommonOptions(grant.command('create'))
    .description('Creates a grant without asking the owner, and prints its first tokens.')
    .requiredOption('--client <id>', 'the client that gets the grant')
    .requiredOption('--subject <id>', 'the vehicle owner')
    .option('--scope <scope>', 'the scope of the grant, space separated', '')
    .addOption(
      new Option(
        '--brand <brand>',
        'the brand it is bound to, if the dialect has brands (default: any)',
      ).choices(BRANDS),
    )
    .option(...optionOf('publicUrl'))
    .addHelpText(
      'after',
      `
Examples:
  $ keyfob grant create --client ID --subject owner-1 --scope "read_odometer"
  $ keyfob grant create --client ID --subject owner-1 \\
      --public-url https://cars.example

The access token of a client with JWTs names the public URL, so the
command needs it too.`,
    )
    .action(create);
};

const create = async (options: CreateOptions): Promise<void> => {
  const { publicUrl } = options;
  const work = (context: OperationContext, _deployment: unknown, id?: string): Promise<Report> =>
    createAndReport(context, options, readGrantId(id ?? ''));
  return onDeployment(options, work, { flags: { publicUrl } });
};

const createAndReport = async (
  context: OperationContext,
  options: CreateOptions,
  id: GrantId | undefined,
): Promise<Report> => {
  const { client: clientId, subject, scope, brand } = options;
  const created = await createGrant(context, { clientId, subject, scope, brand, id });
  if (created.outcome === 'client_unknown') throw unknownClient(clientId);
  if (created.outcome === 'invalid') throw toUsageError(created.faults, FIELDS);
  if (created.outcome === 'client_not_permitted') {
    throw new OperatorError(
      'client_not_permitted',
      `client ${clientId} is a resource server: it gets no tokens`,
      'Use a client of another type; see "keyfob client list".',
    );
  }
  if (created.outcome === 'issuer_unknown') {
    throw new OperatorError(
      'public_url_missing',
      `the access tokens of client ${clientId} are JWTs, which name the public URL of the server, and it is unknown here`,
      'Give it with --public-url or KEYFOB_PUBLIC_URL: the same as the server has.',
    );
  }
  const { grant, tokens } = created;
  const createdAt = writeTime(grant.createdAtMs);
  const expiresAt = writeTime(toMillis(toSeconds(grant.createdAtMs) + tokens.refreshExpiresInSeconds));
  const json = {
    grantId: writeGrantId(grant.id),
    accessToken: tokens.accessToken,
    refreshToken: tokens.refreshToken,
    expiresIn: tokens.expiresInSeconds,
    refreshTokenExpiresAt: expiresAt,
    clientId,
    subject,
    scope,
    brand: brand ?? null,
    createdAt,
  };
  const rows = [
    ['grant id', json.grantId],
    ['access token', `${tokens.accessToken}  (for ${tokens.expiresInSeconds} s)`],
    ['refresh token', `${tokens.refreshToken}  (until ${showTime(expiresAt)})`],
  ];
  const remedyIfLost = `The grant exists, and its tokens are shown only once. Revoke it with "keyfob grant revoke ${json.grantId}", and create another.`;
  return { json, text: alignColumns(rows), remedyIfLost };
};
