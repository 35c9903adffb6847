import { toSeconds } from '../clock.ts';
import { GRANT_EVENT_KINDS } from '../outbox/grant-event.ts';
import type { GrantEventKind } from '../outbox/grant-event.ts';
import { KINDS_OF_FORMAT } from '../outbox/webhook.ts';
import type { Webhook, WebhookFormat } from '../outbox/webhook.ts';
import { findUrlFault } from '../webhooks/url.ts';
import type { OperationContext } from './context.ts';

/** A webhook to add. */
export type NewWebhook = {
  readonly url: string;
  readonly format: WebhookFormat;
  /** `undefined` for the events of every client. */
  readonly clientId: string | undefined;
  /** `undefined` for the usual ones. */
  readonly kinds: readonly GrantEventKind[] | undefined;
  readonly isHttpAllowed: boolean;
  /** Integer milliseconds. */
  readonly nowMs: number;
};

export type WebhookAdded =
  | { readonly outcome: 'added'; readonly webhook: Webhook }
  | { readonly outcome: 'client_unknown' }
  | { readonly outcome: 'too_many' }
  /** What is wrong with the webhook, one sentence. */
  | { readonly outcome: 'invalid'; readonly fault: string };

/** What a webhook gets where no events are chosen. */
export const USUAL_KINDS: Readonly<Record<WebhookFormat, readonly GrantEventKind[]>> = {
  standard: ['grant.revoked', 'grant.replayed', 'vehicles.disconnected'],
  pleos: KINDS_OF_FORMAT.pleos,
};

/** Adds a webhook; from now on it gets a delivery of every grant event that it wants. Throws `StoreError`. */
export const addWebhook = async (
  { store, keyRing, randomness }: Pick<OperationContext, 'store' | 'keyRing' | 'randomness'>,
  wanted: NewWebhook,
): Promise<WebhookAdded> => {
  const { url, format, clientId, kinds = USUAL_KINDS[format], nowMs } = wanted;
  const fault = faultOf(wanted);
  if (fault !== undefined) return { outcome: 'invalid', fault };
  if (clientId !== undefined && (await store.readClient(clientId)).client === undefined)
    return { outcome: 'client_unknown' };
  const webhook: Webhook = {
    id: randomness.bytes(6).toString('hex'),
    url,
    format,
    clientId,
    kinds: GRANT_EVENT_KINDS.filter((kind) => kinds.includes(kind)),
    keyNumber: keyRing.newest.number,
    createdAt: toSeconds(nowMs),
    disabledAt: undefined,
  };
  const created = await store.createWebhook(webhook);
  return created === 'too_many' ? { outcome: 'too_many' } : { outcome: 'added', webhook };
};

const faultOf = ({ url, format, clientId, kinds = [], isHttpAllowed }: NewWebhook): string | undefined => {
  const urlFault = findUrlFault(url, { isHttpAllowed });
  if (urlFault !== undefined) return `url ${urlFault}`;
  const unfit = kinds.find((kind) => !KINDS_OF_FORMAT[format].includes(kind));
  if (unfit !== undefined) return `format ${format} has no form for ${unfit}`;
  if (format === 'pleos' && clientId === undefined)
    return 'format pleos needs a client: the callback does not say whose grant it was';
  return undefined;
};
