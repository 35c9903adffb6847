import { readWebhookSecret } from '../../exports/index.ts';
import type { OperationContext } from '../../exports/index.ts';
import type { Webhook } from '../../exports/webhooks.ts';
import { alignColumns, showTime, timeOrNull, writeTime } from '../command/output.ts';
import type { Report } from '../command/output.ts';

/** A webhook for programs. */
export const webhookToJson = ({ id, url, format, clientId, kinds, createdAtMs, disabledAtMs }: Webhook) => ({
  webhookId: id,
  status: disabledAtMs === undefined ? 'enabled' : 'disabled',
  url,
  format,
  clientId: clientId ?? null,
  events: kinds,
  createdAt: writeTime(createdAtMs),
  disabledAt: timeOrNull(disabledAtMs),
});

/** A webhook with the secret that its receiver verifies with. */
export const reportWithSecret = (context: Pick<OperationContext, 'keyRing'>, webhook: Webhook): Report => {
  const json = webhookToJson(webhook);
  const secret = readWebhookSecret(context, webhook) ?? null;
  const rows = [
    ['webhook id', json.webhookId],
    ['status', json.status],
    ['url', json.url],
    ['format', json.format],
    ['client id', json.clientId ?? 'all'],
    ['events', json.events.join(' ')],
    ['created', showTime(json.createdAt)],
    ['secret', secret ?? '- (this format is not signed)'],
  ];
  const remedyIfLost = `The webhook exists. Show it and its secret with "keyfob webhook show ${json.webhookId}".`;
  return { json: { ...json, secret }, text: alignColumns(rows), remedyIfLost };
};
