import type { Sentence } from '../language.ts';
import type { Webhook, WebhookChange } from '../outbox/webhook.ts';
import { faultOfWebhook } from './add-webhook.ts';
import type { OperationContext } from './context.ts';
import { readWebhook } from './read-webhook.ts';

export type WebhookChanged =
  | { readonly outcome: 'changed'; readonly webhook: Webhook }
  | { readonly outcome: 'unknown' }
  /** What is wrong with the changed webhook, one sentence. */
  | { readonly outcome: 'invalid'; readonly fault: Sentence };

/**
 * Changes where a webhook posts and what it gets, or enables one whose receiver ended it. Its id and its secret stay, and what is
 * outstanding goes to the new URL. Throws `StoreError`.
 */
export const changeWebhook = async (
  context: Pick<OperationContext, 'store' | 'egress'>,
  id: string,
  { isHttpAllowed, ...change }: WebhookChange & { readonly isHttpAllowed: boolean },
): Promise<WebhookChanged> => {
  const before = await readWebhook(context, id);
  if (before === undefined) return { outcome: 'unknown' };
  // A URL that stays was accepted before, perhaps without TLS.
  const isAccepted = change.url === undefined || change.url === before.url;
  const wanted = { ...before, ...change, url: change.url ?? before.url, kinds: change.kinds ?? before.kinds };
  const fault = faultOfWebhook(context, { ...wanted, isHttpAllowed: isHttpAllowed || isAccepted });
  if (fault !== undefined) return { outcome: 'invalid', fault };
  if ((await context.store.changeWebhook(id, change)) === 'unknown') return { outcome: 'unknown' };
  const webhook = await readWebhook(context, id);
  return webhook === undefined ? { outcome: 'unknown' } : { outcome: 'changed', webhook };
};
