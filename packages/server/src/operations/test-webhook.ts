import type { Webhook } from '../outbox/webhook.ts';
import { createDeliver } from '../webhooks/deliver.ts';
import type { Answer } from '../webhooks/deliver.ts';
import { addressMessage, writeTest } from '../webhooks/message.ts';
import { signingKeysOf } from '../webhooks/signing-keys.ts';
import type { OperationContext } from './context.ts';

/** Posts a message of type `webhook.test` to a webhook now, once. */
export const testWebhook = async (
  context: Pick<OperationContext, 'keyRing' | 'clock' | 'randomness' | 'egress'>,
  webhook: Webhook,
): Promise<Answer> => {
  const nowMs = context.clock();
  const content = writeTest(webhook, context.randomness.uuid(), nowMs);
  const keys = signingKeysOf(context.keyRing, webhook, nowMs);
  const message = addressMessage(webhook, keys, content, nowMs);
  return createDeliver(context.egress)(message, new AbortController().signal);
};
