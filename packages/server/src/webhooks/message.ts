import type { Millis } from '../clock.ts';
import type { GrantEvent } from '../outbox/grant-event.ts';
import type { Webhook } from '../outbox/webhook.ts';
import { formatNamed } from './formats.ts';
import { signMessage } from './sign.ts';

/** A message to a receiver. */
export type Message = {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** Of the request that caused it, for its trace. */
  readonly requestId?: string | undefined;
};

type Content = { readonly id: string; readonly body: string };

/** A grant event in the format of its webhook. */
export const writeGrantEvent = ({ format }: Webhook, grantEvent: GrantEvent): Content => ({
  // The same at every attempt, so that a receiver can recognise a message that it got twice.
  id: grantEvent.id,
  body: JSON.stringify(formatNamed(format).render(grantEvent)),
});

/** A test message. */
export const writeTest = ({ id: webhookId, format }: Webhook, id: string, nowMs: Millis): Content => ({
  id,
  body: JSON.stringify(formatNamed(format).renderTest(webhookId, nowMs)),
});

/** The message for a receiver, signed by each of the keys as of now if the format has signatures. */
export const addressMessage = (
  { url, format }: Webhook,
  keys: readonly Buffer[],
  { id, body }: Content,
  nowMs: Millis,
): Message => {
  const plain = { 'content-type': 'application/json', 'user-agent': 'keyfob' };
  const signature = formatNamed(format).isSigned ? signMessage(keys, { id, body, nowMs }) : {};
  return { url, headers: { ...plain, ...signature }, body };
};
