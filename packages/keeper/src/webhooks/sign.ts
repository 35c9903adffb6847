import { createHmac } from 'node:crypto';
import type { Millis } from '../time.ts';

/**
 * The headers by which a receiver checks that a message is ours, unchanged and recent: one signature per secret, of which it
 * accepts any.
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
