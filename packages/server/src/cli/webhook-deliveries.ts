import type { Command } from 'commander';
import { readWebhook } from '../exports/index.ts';
import { OperatorError } from '../exports/errors.ts';
import { writeGrantId } from '../exports/tokens.ts';
import { DELIVERY_STATES } from '../exports/webhooks.ts';
import type { Delivery } from '../exports/webhooks.ts';
import { unknownWebhook } from './not-found.ts';
import { onDeployment, readWholeNumber, withCommonOptions } from './options.ts';
import type { CommonOptions } from './options.ts';
import { alignColumns, showTime, timeOrNull, writeTime } from './output.ts';

type ListOptions = CommonOptions & {
  readonly webhook?: string;
  readonly failed?: boolean;
  readonly limit: string;
};

const LIST_MAX = 1000;
const FAILED_STATES = ['retrying', 'given_up'] as const;

export const addWebhookDeliveries = (webhook: Command): void => {
  withCommonOptions(webhook.command('deliveries'))
    .description('Lists deliveries, the newest grant event first. They are stored for 30 days.')
    .option('--webhook <id>', 'only deliveries to one webhook')
    .option('--failed', 'only failed deliveries: given up, or to be retried')
    .option('--limit <number>', `how many at most (up to ${LIST_MAX})`, '100')
    .addHelpText('after', '\nExample:\n  $ keyfob webhook deliveries --failed')
    .action(list);
  withCommonOptions(webhook.command('retry <id>'))
    .description('Retries all outstanding deliveries of a webhook now, including those given up.')
    .addHelpText('after', '\nExample:\n  $ keyfob webhook retry 5f0c6a9de01b')
    .action(retry);
};

const list = async (options: ListOptions): Promise<void> =>
  onDeployment(options, async (context) => {
    const { webhook: webhookId, failed = false } = options;
    const limit = readWholeNumber('--limit', options.limit, { least: 1, most: LIST_MAX });
    if (webhookId !== undefined && (await readWebhook(context, webhookId)) === undefined)
      throw unknownWebhook(webhookId);
    const states = failed ? FAILED_STATES : DELIVERY_STATES;
    const found = await context.store.listDeliveries({ webhookId, states, limit });
    const deliveries = found.map(deliveryToJson);
    const rows = deliveries.map((one) => [
      showTime(one.grantEventAt),
      one.event,
      one.grantId,
      one.webhookId,
      one.state,
      String(one.attempts),
      one.lastError ?? (one.lastStatus === null ? '-' : `answered ${one.lastStatus}`),
      showTime(one.nextAt),
    ]);
    const header = ['TIME', 'EVENT', 'GRANT ID', 'WEBHOOK ID', 'STATE', 'ATTEMPTS', 'LAST ANSWER', 'NEXT'];
    return { json: { deliveries }, text: alignColumns([header, ...rows]) };
  });

const retry = async (id: string, options: CommonOptions): Promise<void> =>
  onDeployment(options, async (context) => {
    const webhook = await readWebhook(context, id);
    if (webhook === undefined) throw unknownWebhook(id);
    if (webhook.disabledAtMs !== undefined) {
      const remedy = 'Its receiver answered 410. Remove the webhook and add it again.';
      throw new OperatorError('webhook_disabled', `webhook ${id} is disabled`, remedy);
    }
    const retried = await context.store.retryDeliveries(id, context.clock());
    const text = `${retried} ${retried === 1 ? 'delivery' : 'deliveries'} due now; a running server sends them`;
    return { json: { webhookId: id, retried }, text };
  });

/** A delivery for programs. Times are ISO 8601. */
const deliveryToJson = ({ webhookId, grantEvent, state, attempts, ...rest }: Delivery) => ({
  webhookId,
  grantEventId: grantEvent.id,
  event: grantEvent.kind,
  grantEventAt: writeTime(grantEvent.atMs),
  grantId: writeGrantId(grantEvent.grantId),
  clientId: grantEvent.clientId,
  requestId: grantEvent.requestId ?? null,
  state,
  attempts,
  nextAt: timeOrNull(rest.nextAtMs),
  deliveredAt: timeOrNull(rest.deliveredAtMs),
  lastStatus: rest.lastStatus ?? null,
  lastError: rest.lastError ?? null,
});
