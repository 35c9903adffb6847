import type { Command } from 'commander';
import { toSeconds } from '../clock.ts';
import { OperatorError } from '../errors.ts';
import { DELIVERY_STATES } from '../outbox/delivery.ts';
import type { Delivery } from '../outbox/delivery.ts';
import { writeGrantId } from '../tokens/grant-id.ts';
import { onDeployment, withCommonOptions } from './options.ts';
import type { CommonOptions } from './options.ts';
import { alignColumns, showTime, UsageError } from './output.ts';
import { readWebhook } from '../operations/registry.ts';

type ListOptions = CommonOptions & {
  readonly webhook?: string;
  readonly failed?: boolean;
  readonly limit: string;
};

const LIST_MAX = 1000;

export const addWebhookDeliveries = (webhook: Command): void => {
  withCommonOptions(webhook.command('deliveries'))
    .description(
      'Lists what webhooks were told and are to be told, newest grant event first. Kept for 30 days.',
    )
    .option('--webhook <id>', 'only those to one webhook')
    .option('--failed', 'only those that failed: given up, or to be tried again')
    .option('--limit <number>', `how many at the most (up to ${LIST_MAX})`, '100')
    .addHelpText('after', '\nExample:\n  $ keyfob webhook deliveries --failed')
    .action(async (options: ListOptions) =>
      onDeployment(options, async ({ store }) => {
        const { webhook: webhookId, failed = false } = options;
        const limit = Number(options.limit);
        if (!Number.isInteger(limit) || limit < 1 || limit > LIST_MAX)
          throw new UsageError(`--limit must be a whole number from 1 to ${LIST_MAX}`);
        if (webhookId !== undefined) await readWebhook(store, webhookId);
        const states = failed ? (['retrying', 'given_up'] as const) : DELIVERY_STATES;
        const views = (await store.listDeliveries({ webhookId, states, limit })).map(toView);
        const rows = views.map((view) => [
          showTime(view.grantEventAt),
          view.event,
          view.grantId,
          view.webhookId,
          view.state,
          String(view.attempts),
          view.lastError ?? (view.lastStatus === null ? '-' : `answered ${view.lastStatus}`),
          showTime(view.nextAt),
        ]);
        const heads = ['FACT AT', 'EVENT', 'GRANT ID', 'WEBHOOK ID', 'STATE', 'ATTEMPTS', 'LAST', 'NEXT'];
        return { json: { deliveries: views }, text: alignColumns([heads, ...rows]) };
      }),
    );
  withCommonOptions(webhook.command('retry <id>'))
    .description('Tries all that a webhook was not told yet again now, what was given up included.')
    .addHelpText('after', '\nExample:\n  $ keyfob webhook retry 5f0c6a9de01b')
    .action(async (id: string, options: CommonOptions) =>
      onDeployment(options, async ({ store }) => {
        if ((await readWebhook(store, id)).disabledAt !== undefined) {
          const remedy = 'Its receiver answered 410. Remove it and add it anew.';
          throw new OperatorError('webhook_disabled', `webhook ${id} is disabled`, remedy);
        }
        const retried = await store.retryDeliveries(id, Date.now());
        return { json: { webhookId: id, retried }, text: `${retried} to be tried by a running server now` };
      }),
    );
};

/** Times in integer seconds. */
const toView = ({ webhookId, grantEvent, state, attempts, ...rest }: Delivery) => ({
  webhookId,
  grantEventId: grantEvent.id,
  event: grantEvent.kind,
  grantEventAt: toSeconds(grantEvent.atMs),
  grantId: writeGrantId(grantEvent.grantId),
  clientId: grantEvent.clientId,
  requestId: grantEvent.requestId ?? null,
  state,
  attempts,
  nextAt: rest.nextAtMs === undefined ? null : toSeconds(rest.nextAtMs),
  deliveredAt: rest.deliveredAtMs === undefined ? null : toSeconds(rest.deliveredAtMs),
  lastStatus: rest.lastStatus ?? null,
  lastError: rest.lastError ?? null,
});
