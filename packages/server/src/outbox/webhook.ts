import type { Millis } from '../clock.ts';
import type { GrantEventKind, NewGrantEvent } from './grant-event.ts';

/** The name of the format of Standard Webhooks. All other formats are those of dialects. */
export const STANDARD_FORMAT = 'standard';

/** At most as many per store: every one is checked whenever a grant event is stored. */
export const WEBHOOKS_MAX = 64;

/** Of those, at most as many of one client. */
export const WEBHOOKS_OF_CLIENT_MAX = 5;

/** Whether one more webhook would be one too many. */
export const isFull = (webhooks: readonly Webhook[], clientId: string | undefined): boolean =>
  webhooks.length >= WEBHOOKS_MAX ||
  (clientId !== undefined &&
    webhooks.filter((webhook) => webhook.clientId === clientId).length >= WEBHOOKS_OF_CLIENT_MAX);

/** A change of a webhook; what is absent stays. */
export type WebhookChange = {
  readonly url?: string | undefined;
  readonly kinds?: readonly GrantEventKind[] | undefined;
  /** Deliveries begin again after its receiver ended them. */
  readonly isEnabled?: true | undefined;
};

/** A webhook after a change. */
export const changeWebhook = (
  webhook: Webhook,
  { url = webhook.url, kinds = webhook.kinds, isEnabled }: WebhookChange,
): Webhook => ({
  ...webhook,
  url,
  kinds,
  disabledAtMs: isEnabled === true ? undefined : webhook.disabledAtMs,
});

/** A receiver of grant events. Its secret is derived from the key ring (`WebhookKey`) and not stored. */
export type Webhook = {
  readonly id: string;
  readonly url: string;
  /** The name of its format. */
  readonly format: string;
  /** The client whose grant events it receives; `undefined` for every client's. */
  readonly clientId: string | undefined;
  readonly kinds: readonly GrantEventKind[];
  /** The webhook key that was active when it was added: its receiver may verify by this one or by any newer one. */
  readonly keyNumber: number;
  readonly createdAtMs: Millis;
  readonly disabledAtMs: Millis | undefined;
};

/** Whether a webhook receives a grant event. */
export const isWanted = (webhook: Webhook, grantEvent: NewGrantEvent): boolean => {
  if (webhook.disabledAtMs !== undefined || !webhook.kinds.includes(grantEvent.kind)) return false;
  if (webhook.clientId !== undefined && webhook.clientId !== grantEvent.clientId) return false;
  // The formats of dialects report vehicles: the end of a grant without vehicles has been reported with its last vehicle.
  return (
    webhook.format === STANDARD_FORMAT || grantEvent.cause !== 'disconnected' || grantEvent.vins.length > 0
  );
};
