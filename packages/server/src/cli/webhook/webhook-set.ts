import { Option } from 'commander';
import type { Command } from 'commander';
import { changeWebhook } from '../../exports/index.ts';
import { GRANT_EVENT_KINDS } from '../../exports/webhooks.ts';
import type { GrantEventKind } from '../../exports/webhooks.ts';
import { unknownWebhook } from '../command/not-found.ts';
import { onDeployment, toUsageError, withCommonOptions } from '../command/options.ts';
import type { CommonOptions } from '../command/options.ts';
import { alignColumns } from '../command/output.ts';
import { webhookToJson } from './webhook-report.ts';

type SetOptions = CommonOptions & {
  readonly url?: string;
  readonly event?: readonly GrantEventKind[];
  readonly enable?: true;
  readonly allowHttp?: boolean;
};

export const addWebhookSet = (webhook: Command): void => {
  withCommonOptions(webhook.command('set <id>'))
    .description('Changes a webhook. What is not given stays; its secret stays too.')
    .option('--url <url>', 'where to post from now on, outstanding deliveries too')
    .addOption(new Option('--event <kind...>', 'which grant events from now on').choices(GRANT_EVENT_KINDS))
    .option('--enable', 'enable it again after its receiver answered 410')
    .option('--allow-http', 'accept a URL that is not encrypted')
    .addHelpText(
      'after',
      '\nExample:\n  $ keyfob webhook set 5f0c6a9de01b --url https://example.com/new-hook --enable',
    )
    .action(set);
};

const set = async (id: string, options: SetOptions): Promise<void> =>
  onDeployment(options, async (context) => {
    const { url, event: kinds, enable: isEnabled, allowHttp: isHttpAllowed = false } = options;
    const changed = await changeWebhook(context, id, { url, kinds, isEnabled, isHttpAllowed });
    if (changed.outcome === 'unknown') throw unknownWebhook(id);
    if (changed.outcome === 'invalid') throw toUsageError([changed.fault], ['url']);
    const json = webhookToJson(changed.webhook);
    const rows = [
      ['webhook id', json.webhookId],
      ['status', json.status],
      ['url', json.url],
      ['events', json.events.join(' ')],
    ];
    return { json, text: alignColumns(rows) };
  });
