import type { Sentence } from '../language.ts';
import { GRANT_EVENT_KINDS } from '../outbox/grant-event.ts';
import type { GrantEventKind } from '../outbox/grant-event.ts';
import type { Webhook } from '../outbox/webhook.ts';
import { WEBHOOK_FORMATS } from '../webhooks/formats.ts';
import type { WebhookFormat } from '../outbox/webhook-format.ts';
import { findUrlFault } from '../webhooks/url.ts';
import type { OperationContext } from './context.ts';
import { newShortId } from './new-id.ts';

/** A webhook to add. */
export type NewWebhook = {
  readonly url: string;
  /** The name of a format. */
  readonly format: string;
  /** `undefined` for the events of every client. */
  readonly clientId: string | undefined;
  /** `undefined` for the usual ones. */
  readonly kinds: readonly GrantEventKind[] | undefined;
  readonly isHttpAllowed: boolean;
  /** Drawn before, for the audit log; a new one if it is absent. */
  readonly id?: string | undefined;
};

/** The names of the formats that a webhook may have. */
export const WEBHOOK_FORMAT_NAMES: readonly string[] = WEBHOOK_FORMATS.map(({ name }) => name);

export type WebhookAdded =
  | { readonly outcome: 'added'; readonly webhook: Webhook }
  | { readonly outcome: 'client_unknown' }
  | { readonly outcome: 'too_many' }
  /** What is wrong with the webhook, one sentence. */
  | { readonly outcome: 'invalid'; readonly fault: Sentence };

/** Adds a webhook; from now on it gets a delivery of every grant event that it wants. Throws `StoreError`. */
export const addWebhook = async (
  {
    store,
    keyRing,
    clock,
    randomness,
    egress,
  }: Pick<OperationContext, 'store' | 'keyRing' | 'clock' | 'randomness' | 'egress'>,
  wanted: NewWebhook,
): Promise<WebhookAdded> => {
  const { url, clientId } = wanted;
  const fault = faultOfWebhook({ egress }, wanted);
  const format = WEBHOOK_FORMATS.find(({ name }) => name === wanted.format);
  if (fault !== undefined) return { outcome: 'invalid', fault };
  if (format === undefined) return { outcome: 'invalid', fault: unknownFormat(wanted) };
  const { kinds = format.usualKinds } = wanted;
  if (clientId !== undefined && (await store.readClient(clientId)).client === undefined)
    return { outcome: 'client_unknown' };
  const webhook: Webhook = {
    id: wanted.id ?? newShortId(randomness),
    url,
    format: format.name,
    clientId,
    kinds: GRANT_EVENT_KINDS.filter((kind) => kinds.includes(kind)),
    keyNumber: keyRing.webhook.active.number,
    createdAtMs: clock(),
    disabledAtMs: undefined,
  };
  const created = await store.createWebhook(webhook);
  return created === 'too_many' ? { outcome: 'too_many' } : { outcome: 'added', webhook };
};

/** A name is not looked up here: it may resolve to something else when it is connected to. */
const DENIED: Sentence = {
  en: 'url names a private address; KEYFOB_EGRESS_ALLOWED_RANGES can allow its range, on every node and for this command',
  ko: 'URL이 사설 주소를 가리킵니다. 모든 노드에 KEYFOB_EGRESS_ALLOWED_RANGES를 설정하면 그 대역을 허용할 수 있습니다.',
};

/** What is wrong with a webhook, one sentence; `undefined` for nothing. */
export const faultOfWebhook = (
  { egress }: Pick<OperationContext, 'egress'>,
  wanted: NewWebhook,
): Sentence | undefined => {
  const format = WEBHOOK_FORMATS.find(({ name }) => name === wanted.format);
  if (format === undefined) return unknownFormat(wanted);
  return faultOf(wanted, format) ?? (egress.isDenied(wanted.url) ? DENIED : undefined);
};

const unknownFormat = ({ format }: NewWebhook): Sentence => ({
  en: `unknown format ${format}`,
  ko: `알 수 없는 형식입니다: ${format}`,
});

const faultOf = (
  { url, clientId, kinds = [], isHttpAllowed }: NewWebhook,
  format: WebhookFormat,
): Sentence | undefined => {
  const urlFault = findUrlFault(url, { isHttpAllowed });
  if (urlFault !== undefined) return { en: `url ${urlFault.en}`, ko: `URL: ${urlFault.ko}` };
  const unfit = kinds.find((kind) => !format.kinds.includes(kind));
  if (unfit !== undefined)
    return {
      en: `format ${format.name} has no form for ${unfit}`,
      ko: `${format.name} 형식으로는 ${unfit} 사건을 보낼 수 없습니다.`,
    };
  if (format.needsClient && clientId === undefined)
    return {
      en: `format ${format.name} needs client, because its messages do not say whose grant they are about`,
      ko: `${format.name} 형식의 메시지에는 어느 클라이언트의 그랜트인지 없으므로 클라이언트를 지정해야 합니다.`,
    };
  return undefined;
};
