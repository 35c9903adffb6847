import type { GrantEvent } from '../outbox/grant-event.ts';
import type { Webhook } from '../outbox/webhook.ts';
import { writeGrantId } from '../tokens/grant-id.ts';
import { signMessage } from './sign.ts';

/** What is posted to a receiver. */
export type Message = {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
};

type Content = { readonly id: string; readonly body: string };

/** A grant event as its webhook's format writes it. */
export const writeGrantEvent = ({ format }: Webhook, grantEvent: GrantEvent): Content => ({
  // The same at every attempt, so that a receiver that got it twice can tell.
  id: grantEvent.id,
  body: JSON.stringify(format === 'pleos' ? toEndOfSharing(grantEvent) : toStandard(grantEvent)),
});

/** A message that tells nothing but that it arrives. */
export const writeTest = ({ id: webhookId, format }: Webhook, id: string, nowMs: number): Content => {
  const timestamp = new Date(nowMs).toISOString();
  const standard = { type: 'webhook.test', timestamp, data: { webhookId } };
  return { id, body: JSON.stringify(format === 'pleos' ? { userIds: [], vins: [] } : standard) };
};

/** Addressed and, but for the vendor's callback, which knows no signature, signed as of now. */
export const addressMessage = (
  { url, format }: Webhook,
  key: Buffer,
  { id, body }: Content,
  nowMs: number,
): Message => {
  const plain = { 'content-type': 'application/json', 'user-agent': 'keyfob' };
  const signature = format === 'pleos' ? {} : signMessage(key, { id, body, nowMs });
  return { url, headers: { ...plain, ...signature }, body };
};

const toStandard = ({ kind, atMs, grantId, clientId, subject, cause, vins, requestId }: GrantEvent) => ({
  type: kind,
  timestamp: new Date(atMs).toISOString(),
  data: {
    grantId: writeGrantId(grantId),
    clientId,
    subject,
    cause: cause ?? null,
    vins,
    requestId: requestId ?? null,
  },
});

const toEndOfSharing = ({ subject, vins }: GrantEvent) => ({ userIds: [subject], vins });
