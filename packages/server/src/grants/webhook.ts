import { FACT_KINDS } from './fact.ts';
import type { Fact, FactKind } from './fact.ts';

/** How what is sent looks: as Standard Webhooks say, or as Pleos's end-of-sharing callback. */
export const WEBHOOK_FORMATS = ['standard', 'pleos'] as const;
export type WebhookFormat = (typeof WEBHOOK_FORMATS)[number];

/** Which facts a format has a form for. */
export const KINDS_OF_FORMAT: Readonly<Record<WebhookFormat, readonly FactKind[]>> = {
  standard: FACT_KINDS,
  pleos: ['vehicles.disconnected', 'grant.revoked'],
};

/** As many as a store holds: each is looked at whenever a fact is kept. */
export const WEBHOOKS_MAX = 64;

/** Somebody to be told of facts. Its secret is derived from the key ring (`RingKey.webhookKey`) and kept nowhere. */
export type Webhook = {
  readonly id: string;
  readonly url: string;
  readonly format: WebhookFormat;
  /** Whose facts it is told of; `undefined` for every client's. */
  readonly clientId: string | undefined;
  readonly kinds: readonly FactKind[];
  /** The key of the ring that its secret is derived from. */
  readonly keyNumber: number;
  /** Integer seconds, as is `disabledAt`. */
  readonly createdAt: number;
  readonly disabledAt: number | undefined;
};

/** Whether a webhook is to be told of a fact. */
export const isWanted = (webhook: Webhook, fact: Omit<Fact, 'id' | 'sequence'>): boolean => {
  if (webhook.disabledAt !== undefined || !webhook.kinds.includes(fact.kind)) return false;
  if (webhook.clientId !== undefined && webhook.clientId !== fact.clientId) return false;
  // Which vehicles are no longer shared was told by the fact before: the last of them took the grant with them.
  return webhook.format !== 'pleos' || fact.cause !== 'disconnected' || fact.vins.length > 0;
};
