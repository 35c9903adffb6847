import type { Command } from 'commander';
import { readWebhook } from '../../exports/index.ts';
import { unknownWebhook } from '../command/not-found.ts';
import { onDeployment, withCommonOptions } from '../command/options.ts';
import type { CommonOptions } from '../command/options.ts';
import { alignColumns } from '../command/output.ts';
import { addWebhookAdd } from './webhook-add.ts';
import { addWebhookDeliveries } from './webhook-deliveries.ts';
import { reportWithSecret, webhookToJson } from './webhook-report.ts';
import { addWebhookSet } from './webhook-set.ts';
import { addWebhookTest } from './webhook-test.ts';

export const addWebhook = (program: Command): void => {
  const webhook = program
    .command('webhook')
    .summary('notify other services of what happens to grants')
    .description(
      'Posts grant events to URLs of other services, signed as in Standard Webhooks, at least once each. A failed delivery is ' +
        'retried for three days. A webhook whose receiver answers 410 is disabled.',
    );
  addWebhookAdd(webhook);
  addViews(webhook);
  addWebhookSet(webhook);
  addRemove(webhook);
  addWebhookTest(webhook);
  addWebhookDeliveries(webhook);
};

const addViews = (webhook: Command): void => {
  withCommonOptions(webhook.command('list'))
    .description('Lists the webhooks.')
    .addHelpText('after', '\nExample:\n  $ keyfob webhook list')
    .action(async (options: CommonOptions) =>
      onDeployment(options, async ({ store }) => {
        const webhooks = (await store.listWebhooks()).map(webhookToJson);
        const rows = webhooks.map(({ webhookId, status, clientId, url, events }) => [
          webhookId,
          status,
          clientId ?? 'all',
          url,
          events.join(' '),
        ]);
        const header = ['WEBHOOK ID', 'STATUS', 'CLIENT ID', 'URL', 'EVENTS'];
        return { json: { webhooks }, text: alignColumns([header, ...rows]) };
      }),
    );
  withCommonOptions(webhook.command('show <id>'))
    .description('Shows a webhook and its secret.')
    .addHelpText('after', '\nExample:\n  $ keyfob webhook show 5f0c6a9de01b')
    .action(async (id: string, options: CommonOptions) =>
      onDeployment(options, async (context) => {
        const found = await readWebhook(context, id);
        if (found === undefined) throw unknownWebhook(id);
        return reportWithSecret(context, found);
      }),
    );
};

const addRemove = (webhook: Command): void => {
  withCommonOptions(webhook.command('remove <id>'))
    .description('Removes a webhook. Its outstanding deliveries are dropped.')
    .addHelpText('after', '\nExample:\n  $ keyfob webhook remove 5f0c6a9de01b')
    .action(async (id: string, options: CommonOptions) =>
      onDeployment(options, async ({ store }) => {
        if ((await store.removeWebhook(id)) === 'unknown') throw unknownWebhook(id);
        return { json: { webhookId: id, removed: true }, text: `removed webhook ${id}` };
      }),
    );
};
