import { toSeconds } from '../exports/grants.ts';
import { Option } from 'commander';
import type { Command } from 'commander';
import { createGrant } from '../exports/index.ts';
import { DIALECTS } from '../exports/dialects.ts';
import { OperatorError } from '../exports/errors.ts';
import { writeGrantId } from '../exports/tokens.ts';
import { unknownClient } from './not-found.ts';
import { onDeployment, toUsageError, withCommonOptions } from './options.ts';
import type { CommonOptions } from './options.ts';
import { alignColumns, showTime } from './output.ts';

type CreateOptions = CommonOptions & {
  readonly client: string;
  readonly subject: string;
  readonly scope: string;
  readonly brand?: string;
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
    .addHelpText(
      'after',
      '\nExample:\n  $ keyfob grant create --client ID --subject owner-1 --scope "read_odometer"',
    )
    .action(create);
};

const create = async (options: CreateOptions): Promise<void> =>
  onDeployment(options, async (context) => {
    const { client: clientId, subject, scope, brand } = options;
    const created = await createGrant(context, { clientId, subject, scope, brand });
    if (created.outcome === 'client_unknown') throw unknownClient(clientId);
    if (created.outcome === 'invalid') throw toUsageError(created.faults, FIELDS);
    if (created.outcome === 'client_not_permitted') {
      throw new OperatorError(
        'client_not_permitted',
        `client ${clientId} is a resource server: it gets no tokens`,
        'Use a client of another type; see "keyfob client list".',
      );
    }
    const { grant, tokens } = created;
    const createdAt = toSeconds(grant.createdAtMs);
    const expiresAt = createdAt + tokens.refreshExpiresInSeconds;
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
  });
