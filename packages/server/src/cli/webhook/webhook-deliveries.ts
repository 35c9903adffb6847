import type { Command } from 'commander';
import { readWebhook } from '../../exports/index.ts';
import type { OperationContext } from '../../exports/index.ts';
import { OperatorError } from '../../exports/errors.ts';
import { writeGrantId } from '../../exports/tokens.ts';
import {
  ATTEMPTS_KEPT,
  DELIVERY_STATES,
  readDeliveryPlace,
  writeDeliveryPlace,
} from '../../exports/webhooks.ts';
import type { Delivery, DeliveryPlace } from '../../exports/webhooks.ts';
import { moreHint } from '../command/more-hint.ts';
import { unknownWebhook } from '../command/not-found.ts';
import { onDeployment, readWholeNumber, withCommonOptions } from '../command/options.ts';
import type { CommonOptions } from '../command/options.ts';
import { alignColumns, UsageError, showTime, timeOrNull, writeTime } from '../command/output.ts';

type ListOptions = CommonOptions & {
  readonly webhook?: string;
  readonly failed?: boolean;
  readonly attempts?: boolean;
  readonly after?: string;
  readonly limit: string;
};

const LIST_MAX = 1000;
const FAILED_STATES = ['retrying', 'given_up'] as const;

export const addWebhookDeliveries = (webhook: Command): void => {
  withCommonOptions(webhook.command('deliveries'))
    .description(
      'Lists deliveries, the newest grant event first. They are stored as long as the setting grantEventDays says.',
    )
    .option('--webhook <id>', 'only deliveries to one webhook')
    .option('--failed', 'only failed deliveries: given up, or to be retried')
    .option('--attempts', `with the newest ${ATTEMPTS_KEPT} attempts of each: when, how long, status, error`)
    .option('--after <place>', 'start after this delivery: the next of an earlier page')
    .option('--limit <number>', `at most this many (up to ${LIST_MAX})`, '100')
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
    const after = options.after === undefined ? undefined : readAfter(options.after);
    const oneMore = await context.store.listDeliveries({ webhookId, states, after, limit: limit + 1 });
    const found = oneMore.slice(0, limit);
    const deliveries = await Promise.all(
      found.map(async (one) => ({
        ...deliveryToJson(one),
        ...(options.attempts === true && { history: await readHistory(context, one) }),
      })),
    );
    const last = oneMore.length > limit ? found.at(-1) : undefined;
    const next = last === undefined ? null : writeDeliveryPlace(last);
    const rows = deliveries.flatMap((one) => [
      [
        showTime(one.grantEventAt),
        one.event,
        one.grantId,
        one.webhookId,
        one.state,
        String(one.attempts),
        one.lastError ?? (one.lastStatus === null ? '-' : `answered ${one.lastStatus}`),
        showTime(one.nextAt),
      ],
      ...(one.history ?? []).map(historyRow),
    ]);
    const header = ['TIME', 'EVENT', 'GRANT ID', 'WEBHOOK ID', 'STATE', 'ATTEMPTS', 'LAST ANSWER', 'NEXT'];
    const table = alignColumns([header, ...rows]);
    const text =
      next === null
        ? table
        : `${table}\n\n${moreHint('webhook deliveries', options, flagsOf(options, next))}`;
    return { json: { deliveries, next }, text };
  });

const readAfter = (text: string): DeliveryPlace => {
  const place = readDeliveryPlace(text);
  if (place === undefined) throw new UsageError('--after must be the next of an earlier page');
  return place;
};

const flagsOf = ({ webhook, failed, attempts, limit }: ListOptions, after: string) => ({
  '--webhook': webhook,
  '--failed': failed,
  '--attempts': attempts,
  '--limit': limit,
  '--after': after,
});

const readHistory = async (
  { store }: Pick<OperationContext, 'store'>,
  { webhookId, grantEvent: { sequence } }: Delivery,
) => {
  const attempts = await store.listAttempts({ webhookId, sequence });
  return attempts.map(({ attempt, atMs, tookMs, status, error }) => ({
    attempt,
    at: writeTime(atMs),
    tookMs,
    status: status ?? null,
    error: error ?? null,
  }));
};

const historyRow = ({
  attempt,
  at,
  tookMs,
  status,
  error,
}: Awaited<ReturnType<typeof readHistory>>[number]) => [
  `  ${showTime(at)}`,
  `attempt ${attempt}`,
  `${tookMs} ms`,
  '',
  '',
  '',
  error ?? `answered ${status ?? '-'}`,
];

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
