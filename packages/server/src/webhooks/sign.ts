import { createHmac } from 'node:crypto';

/** A webhook's key as its receiver configures it. */
export const writeWebhookSecret = (key: Buffer): string => `whsec_${key.toString('base64')}`;

/**
 * What proves to a receiver that a message is ours, unchanged and new.
 *
 * @see https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
 */
export const signMessage = (
  key: Buffer,
  { id, body, nowMs }: { readonly id: string; readonly body: string; readonly nowMs: number },
): Readonly<Record<string, string>> => {
  const timestamp = Math.floor(nowMs / 1000);
  const signature = createHmac('sha256', key).update(`${id}.${timestamp}.${body}`).digest('base64');
  return {
    'webhook-id': id,
    'webhook-timestamp': String(timestamp),
    'webhook-signature': `v1,${signature}`,
  };
};
