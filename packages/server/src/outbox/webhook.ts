import { GRANT_EVENT_KINDS } from './grant-event.ts';
import type { GrantEvent, GrantEventKind } from './grant-event.ts';

/** How what is sent looks: as Standard Webhooks say, or as Pleos's end-of-sharing callback. */
export const WEBHOOK_FORMATS = ['standard', 'pleos'] as const;
export type WebhookFormat = (typeof WEBHOOK_FORMATS)[number];

/** Which grant events a format has a form for. */
export const KINDS_OF_FORMAT: Readonly<Record<WebhookFormat, readonly GrantEventKind[]>> = {
  standard: GRANT_EVENT_KINDS,
  pleos: ['vehicles.disconnected', 'grant.revoked'],
};

/** As many as a store holds: each is looked at whenever a grant event is kept. */
export const WEBHOOKS_MAX = 64;

/** Somebody to be told of grant events. Its secret is derived from the key ring (`RingKey.webhookKey`) and kept nowhere. */
export type Webhook = {
  readonly id: string;
  readonly url: string;
  readonly format: WebhookFormat;
  /** Whose grant events it is told of; `undefined` for every client's. */
  readonly clientId: string | undefined;
  readonly kinds: readonly GrantEventKind[];
  /** The key of the ring that its secret is derived from. */
  readonly keyNumber: number;
  /** Integer seconds, as is `disabledAt`. */
  readonly createdAt: number;
  readonly disabledAt: number | undefined;
};

/** Whether a webhook is to be told of a grant event. */
export const isWanted = (webhook: Webhook, grantEvent: Omit<GrantEvent, 'id' | 'sequence'>): boolean => {
  if (webhook.disabledAt !== undefined || !webhook.kinds.includes(grantEvent.kind)) return false;
  if (webhook.clientId !== undefined && webhook.clientId !== grantEvent.clientId) return false;
  // Which vehicles are no longer shared was told by the grant event before: the last of them took the grant with them.
  return webhook.format !== 'pleos' || grantEvent.cause !== 'disconnected' || grantEvent.vins.length > 0;
};
