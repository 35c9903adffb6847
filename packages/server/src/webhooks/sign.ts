import { createHmac } from 'node:crypto';
import type { Millis } from '../clock.ts';

/** The key of a webhook in the form that its receiver configures. */
export const writeWebhookSecret = (key: Buffer): string => `whsec_${key.toString('base64')}`;

/**
 * The headers by which a receiver verifies that a message comes from this server, is unchanged and is recent. There is one
 * signature per key; a receiver accepts any of them.
 *
 * @see https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
 */
export const signMessage = (
  keys: readonly Buffer[],
  { id, body, nowMs }: { readonly id: string; readonly body: string; readonly nowMs: Millis },
): Readonly<Record<string, string>> => {
  const timestamp = Math.floor(nowMs / 1000);
  const signatures = keys.map(
    (key) => `v1,${createHmac('sha256', key).update(`${id}.${timestamp}.${body}`).digest('base64')}`,
  );
  return {
    'webhook-id': id,
    'webhook-timestamp': String(timestamp),
    'webhook-signature': signatures.join(' '),
  };
};
