import { GRANT_EVENT_KINDS } from './grant-event.ts';
import type { GrantEventKind, NewGrantEvent } from './grant-event.ts';

/** The format of a delivery: Standard Webhooks, or Pleos's end-of-sharing callback. */
export const WEBHOOK_FORMATS = ['standard', 'pleos'] as const;
export type WebhookFormat = (typeof WEBHOOK_FORMATS)[number];

/** Which grant events a format can express. */
export const KINDS_OF_FORMAT: Readonly<Record<WebhookFormat, readonly GrantEventKind[]>> = {
  standard: GRANT_EVENT_KINDS,
  pleos: ['vehicles.disconnected', 'grant.revoked'],
};

/** At most as many per store: every one is checked whenever a grant event is stored. */
export const WEBHOOKS_MAX = 64;

/** A receiver of grant events. Its secret is derived from the key ring (`RingKey.webhookKey`) and not stored. */
export type Webhook = {
  readonly id: string;
  readonly url: string;
  readonly format: WebhookFormat;
  /** The client whose grant events it receives; `undefined` for every client's. */
  readonly clientId: string | undefined;
  readonly kinds: readonly GrantEventKind[];
  /** The key of the ring that its secret is derived from. */
  readonly keyNumber: number;
  /** Integer seconds, as is `disabledAt`. */
  readonly createdAt: number;
  readonly disabledAt: number | undefined;
};

/** Whether a webhook receives a grant event. */
export const isWanted = (webhook: Webhook, grantEvent: NewGrantEvent): boolean => {
  if (webhook.disabledAt !== undefined || !webhook.kinds.includes(grantEvent.kind)) return false;
  if (webhook.clientId !== undefined && webhook.clientId !== grantEvent.clientId) return false;
  // The event before has named the vehicles: the grant ended with the last of them.
  return webhook.format !== 'pleos' || grantEvent.cause !== 'disconnected' || grantEvent.vins.length > 0;
};
