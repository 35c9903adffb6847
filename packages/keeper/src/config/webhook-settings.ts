import * as v from 'valibot';
import type { WebhookEndpoint } from '../webhooks/endpoint.ts';
import { readSecret, SECRET_SOURCE } from './secret-source.ts';
import type { SecretPlace } from './secret-source.ts';

const text = v.pipe(v.string('must be a text'), v.nonEmpty('must not be empty'));

/** The members of one webhook in the settings, and what they do. */
export const WEBHOOK_MEMBERS = {
  name: { schema: text, effect: 'stays the same when the address changes' },
  url: { schema: text, effect: 'https, or http on this machine' },
  secret: {
    schema: v.union(
      [SECRET_SOURCE, v.pipe(v.array(SECRET_SOURCE), v.minLength(1))],
      'must be { "env": "NAME" } or { "file": "PATH" }, or a list of them during a change: secrets do not stand in this file',
    ),
    effect:
      '`{ "env": "NAME" }` or `{ "file": "PATH" }` with `whsec_` and base64 of 24 to 64 bytes; a list during a change',
  },
  kinds: {
    schema: v.optional(v.array(text, 'must be a list of kinds of events')),
    effect: 'which events; by default those that somebody must act on',
  },
} as const;

const WEBHOOK = v.object({
  name: WEBHOOK_MEMBERS.name.schema,
  url: WEBHOOK_MEMBERS.url.schema,
  secret: WEBHOOK_MEMBERS.secret.schema,
  kinds: WEBHOOK_MEMBERS.kinds.schema,
});

/** All webhooks. */
export const WEBHOOKS = v.array(WEBHOOK, 'must be a list');

/** One webhook, as the settings have it: its secret is not read yet. */
export type WebhookSettings = v.InferOutput<typeof WEBHOOK>;

/** The webhooks with their secrets. Throws `KeeperError` that names the variable or the file. */
export const openWebhooks = (
  webhooks: readonly WebhookSettings[],
  place: SecretPlace,
): readonly WebhookEndpoint[] =>
  webhooks.map(({ name, url, secret, kinds }) => ({
    name,
    url,
    secrets: (Array.isArray(secret) ? secret : [secret]).map((source) =>
      readSecret(source, `webhooks ${name}`, place),
    ),
    // The service refuses a kind that does not exist.
    kinds: kinds as WebhookEndpoint['kinds'],
  }));
