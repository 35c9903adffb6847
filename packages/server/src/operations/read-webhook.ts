import { OperatorError } from '../errors.ts';
import type { Webhook } from '../outbox/webhook.ts';
import type { OperationContext } from './context.ts';

/** Answers `undefined` for an unknown webhook. Throws `StoreError`. */
export const readWebhook = async (
  { store }: Pick<OperationContext, 'store'>,
  id: string,
): Promise<Webhook | undefined> => (await store.listWebhooks()).find((webhook) => webhook.id === id);

/** The key that signs the messages of a webhook. Throws `OperatorError` where the ring lacks the key it is derived from. */
export const readWebhookKey = (
  { keyRing }: Pick<OperationContext, 'keyRing'>,
  { id, keyNumber }: Webhook,
): Buffer => {
  const key = keyRing.find(keyNumber);
  if (key !== undefined) return key.webhookKey(id);
  throw new OperatorError(
    'key_missing',
    `the key ring lacks key ${keyNumber}, which signs for webhook ${id}`,
    'Restore the key ring, or remove the webhook and add it again.',
  );
};
