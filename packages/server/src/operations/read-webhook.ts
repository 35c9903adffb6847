import type { Webhook } from '../outbox/webhook.ts';
import { formatNamed } from '../webhooks/formats.ts';
import { writeWebhookSecret } from '../webhooks/sign.ts';
import type { OperationContext } from './context.ts';

/** Answers `undefined` for an unknown webhook. Throws `StoreError`. */
export const readWebhook = async (
  { store }: Pick<OperationContext, 'store'>,
  id: string,
): Promise<Webhook | undefined> => (await store.listWebhooks()).find((webhook) => webhook.id === id);

/** The key by which the receiver of a webhook should verify: that of the active webhook key. */
export const readWebhookKey = (
  { keyRing }: Pick<OperationContext, 'keyRing'>,
  { id }: Pick<Webhook, 'id'>,
): Buffer => keyRing.webhook.active.webhookKey(id);

/** The secret of the receiver of a webhook; `undefined` where its format is not signed. */
export const readWebhookSecret = (
  context: Pick<OperationContext, 'keyRing'>,
  webhook: Webhook,
): string | undefined =>
  formatNamed(webhook.format).isSigned ? writeWebhookSecret(readWebhookKey(context, webhook)) : undefined;
