import * as v from 'valibot';
import { KeeperError } from '../errors.ts';
import type { Client, ClientOptions } from '../providers/clients.ts';
import type { Provider } from '../providers/provider.ts';
import { PROVIDER_NAMES, PROVIDERS } from '../providers/vendors.ts';
import { readSecret, SECRET_SOURCE } from './secret-source.ts';
import type { SecretPlace } from './secret-source.ts';

const text = v.pipe(v.string('must be a text'), v.nonEmpty('must not be empty'));
const positive = v.pipe(v.number('must be a number'), v.gtValue(0, 'must be above 0'));
const texts = v.record(v.string(), v.string('must be a text'));

/** What this deployment knows better than the provider's profile. */
const differences = v.partial(
  v.strictObject({
    name: text,
    grantType: v.picklist(['refresh_token', 'client_credentials']),
    body: v.picklist(['form', 'json']),
    credentials: v.picklist(['basic', 'body', 'none']),
    fields: texts,
    constants: texts,
    headers: texts,
    answer: texts,
    refusal: v.strictObject({ code: text, field: v.optional(text) }),
    codes: texts,
    complaints: texts,
    accessRefusal: v.strictObject({ status: positive, codes: v.array(text) }),
    lifetimes: v.strictObject({
      accessSeconds: positive,
      refreshSeconds: v.optional(positive),
      grantSeconds: v.optional(positive),
    }),
    repeats: v.variant('kind', [
      v.strictObject({ kind: v.literal('overlap'), seconds: positive }),
      v.strictObject({ kind: v.picklist(['once', 'never', 'free']) }),
    ]),
    exchangeSeconds: positive,
  }),
);

const secret = v.union(
  [SECRET_SOURCE, v.pipe(v.array(SECRET_SOURCE), v.minLength(1))],
  'must be { "env": "NAME" } or { "file": "PATH" }, or a list of them during a change: secrets do not stand in this file',
);

/** The members of one client in the settings, and what they do. */
export const CLIENT_MEMBERS = {
  provider: {
    schema: v.picklist(PROVIDER_NAMES, `must be one of ${PROVIDER_NAMES.join(', ')}`),
    effect: `whose API: ${PROVIDER_NAMES.join(', ')}`,
  },
  clientId: {
    schema: v.union([text, SECRET_SOURCE], 'must be a text, { "env": "NAME" } or { "file": "PATH" }'),
    effect: 'as the provider shows it: a text, or read as a secret is',
  },
  clientSecret: {
    schema: v.optional(secret),
    effect:
      '`{ "env": "NAME" }` or `{ "file": "PATH" }`; a list while a secret changes, the current one first. Not for a provider whose clients have none',
  },
  origin: { schema: v.optional(text), effect: 'another host with the same paths, for example a sandbox' },
  url: { schema: v.optional(text), effect: 'the whole token endpoint; needed with `oauth`' },
  isInsecure: {
    schema: v.optional(v.boolean('must be true or false')),
    effect: 'accepts http to another machine: secrets then travel in clear',
  },
  userAgent: { schema: v.optional(text), effect: 'the header User-Agent' },
  perSecondMax: {
    schema: v.optional(positive),
    effect:
      'refreshes per second and node, 5 by default: with several nodes, the limit of the provider divided by their number',
  },
  concurrencyMax: {
    schema: v.optional(v.pipe(v.number('must be a number'), v.minValue(1, 'must be at least 1'))),
    effect: 'refreshes at a time and node, 20 by default',
  },
  keepWarm: {
    schema: v.optional(v.picklist(['asked', 'always', 'never'], 'must be "asked", "always" or "never"')),
    effect: 'whether access tokens are kept valid: while somebody asks (default), `always`, or `never`',
  },
  differences: {
    schema: v.optional(differences),
    effect:
      "what this deployment knows better than the provider's profile, such as `repeats` and `lifetimes`",
  },
} as const;

type Schemas = { readonly [Name in keyof typeof CLIENT_MEMBERS]: (typeof CLIENT_MEMBERS)[Name]['schema'] };

const CLIENT = v.object(
  Object.fromEntries(
    Object.entries(CLIENT_MEMBERS).map(([name, { schema }]) => [name, schema]),
  ) as unknown as Schemas,
);

/** One client, as the settings have it: its secrets are not read yet. */
export type ClientSettings = v.InferOutput<typeof CLIENT>;

/** All clients by their names. */
export const CLIENTS = v.record(v.string(), CLIENT);

/** The client of its settings. Throws `KeeperError` where a secret cannot be read, or where it could never work. */
export const createClient = (
  name: string,
  { provider, clientId, clientSecret, ...rest }: ClientSettings,
  place: SecretPlace,
): Client => {
  const sources = [clientSecret ?? []].flat();
  const options = {
    ...rest,
    clientId:
      typeof clientId === 'string' ? clientId : readSecret(clientId, `clients.${name}.clientId`, place),
    clientSecret:
      clientSecret === undefined
        ? undefined
        : sources.map((source) => readSecret(source, `clients.${name}.clientSecret`, place)),
    differences: rest.differences as Partial<Provider> | undefined,
  };
  if (provider === 'oauth' && options.url === undefined)
    throw new KeeperError(
      'settings_invalid',
      `clients.${name} has no url`,
      'Give "url", the token endpoint: a provider "oauth" has none of its own.',
    );
  return PROVIDERS[provider](dropUndefined(options) as ClientOptions & { readonly url: string });
};

const dropUndefined = (values: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> =>
  Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined));
