import { Option } from 'commander';
import type { Command } from 'commander';
import { addWebhook } from '../../exports/index.ts';
import { OperatorError } from '../../exports/errors.ts';
import {
  formatNamed,
  GRANT_EVENT_KINDS,
  STANDARD_FORMAT,
  WEBHOOK_FORMATS,
  WEBHOOKS_MAX,
} from '../../exports/webhooks.ts';
import type { GrantEventKind } from '../../exports/webhooks.ts';
import { unknownClient } from '../command/not-found.ts';
import { onDeployment, toUsageError, withCommonOptions } from '../command/options.ts';
import type { CommonOptions } from '../command/options.ts';
import { reportWithSecret } from './webhook-report.ts';

type AddOptions = CommonOptions & {
  readonly url: string;
  readonly event?: readonly GrantEventKind[];
  readonly client?: string;
  readonly format: string;
  readonly allowHttp?: boolean;
};

const FIELDS = ['url', 'format', 'client'] as const;

/** For the example: one that a vendor made. */
const VENDOR_FORMAT = WEBHOOK_FORMATS.find(({ name }) => name !== STANDARD_FORMAT)?.name;

export const addWebhookAdd = (webhook: Command): void => {
  withCommonOptions(webhook.command('add'))
    .description('Adds a webhook and prints the secret that its receiver verifies with.')
    .requiredOption(
      '--url <url>',
      'where to post: https, or http on this machine if KEYFOB_EGRESS_ALLOWED_RANGES allows it',
    )
    .addOption(
      new Option(
        '--event <kind...>',
        `which grant events (default: ${formatNamed(STANDARD_FORMAT).usualKinds.join(', ')})`,
      ).choices(GRANT_EVENT_KINDS),
    )
    .option('--client <id>', 'only events of one client')
    .addOption(
      new Option('--format <format>', WEBHOOK_FORMATS.map(({ name, help }) => `${name}: ${help}`).join('; '))
        .choices(WEBHOOK_FORMATS.map(({ name }) => name))
        .default(STANDARD_FORMAT),
    )
    .option('--allow-http', 'accept a URL that is not encrypted')
    .addHelpText(
      'after',
      `
Examples:
  $ keyfob webhook add --url https://example.com/hook
  $ keyfob webhook add --url https://example.com/hook --client ID \\
      --event grant.created --event grant.revoked
  $ keyfob webhook add --url https://example.com/end-of-sharing \\
      --format ${VENDOR_FORMAT} --client ID`,
    )
    .action(add);
};

const add = async (options: AddOptions): Promise<void> =>
  onDeployment(options, async (context, _deployment, id) => {
    const { url, format, client: clientId, event: kinds, allowHttp: isHttpAllowed = false } = options;
    const wanted = { url, format, clientId, kinds, isHttpAllowed, id };
    const added = await addWebhook(context, wanted);
    if (added.outcome === 'invalid') throw toUsageError([added.fault], FIELDS);
    if (added.outcome === 'client_unknown') throw unknownClient(clientId ?? '');
    if (added.outcome === 'too_many') {
      const remedy = 'Remove one with "keyfob webhook remove".';
      throw new OperatorError('webhooks_full', `there are ${WEBHOOKS_MAX} webhooks already`, remedy);
    }
    return reportWithSecret(context, added.webhook);
  });
