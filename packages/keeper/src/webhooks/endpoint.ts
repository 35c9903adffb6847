import { KeeperError } from '../errors.ts';
import type { EventKind } from '../events/dispatch.ts';

/** Where events are sent to. All nodes of a store are configured alike. */
export type WebhookEndpoint = {
  /** 1 to 50 letters, digits, dots, hyphens and underscores; stays the same when the address changes. */
  readonly name: string;
  /** https, or http on this machine. */
  readonly url: string;
  /** `whsec_` and base64 of 24 to 64 bytes. During a change two: messages have a signature of each. */
  readonly secrets: readonly string[];
  /** What is sent; `USUAL_KINDS` where missing. */
  readonly kinds?: readonly EventKind[] | undefined;
};

/** An endpoint that was checked. */
export type CheckedEndpoint = {
  readonly name: string;
  readonly url: string;
  readonly keys: readonly Buffer[];
  readonly kinds: ReadonlySet<EventKind>;
};

/** What is sent unless an endpoint says otherwise. */
export const USUAL_KINDS: readonly EventKind[] = [
  'needs_consent',
  'at_risk',
  'expiring',
  'recovered',
  'client.misconfigured',
];
/** Every kind of event. */
const ALL_KINDS: readonly EventKind[] = [
  ...USUAL_KINDS,
  'revocation_ended',
  'client.recovered',
  'client.throttled',
  'client.outage',
  'client.outage_ended',
  'client.clock_skewed',
  'provider.surprise',
];

const ENDPOINTS_MAX = 20;
const NAME = /^[\w.-]{1,50}$/;
const SECRET = /^whsec_(?<base64>[A-Za-z0-9+/]+={0,2})$/;
const SECRETS_MAX = 3;
const KEY_BYTES_MIN = 24;
const KEY_BYTES_MAX = 64;
const URL_MAX_CHARACTERS = 2000;
const MAKE_ONE = `Make one with: node -e "console.log('whsec_' + require('node:crypto').randomBytes(32).toString('base64'))"`;

/** Endpoints with their defaults. Throws `KeeperError` that never shows a secret. */
export const checkEndpoints = (endpoints: readonly WebhookEndpoint[]): readonly CheckedEndpoint[] => {
  if (endpoints.length > ENDPOINTS_MAX)
    refuse(`There are more than ${ENDPOINTS_MAX} webhooks`, 'Send to fewer, and distribute from there.');
  const names = endpoints.map(({ name }) => name);
  const doubled = names.find((name, index) => names.indexOf(name) !== index);
  if (doubled !== undefined) refuse(`Two webhooks have the name "${doubled}"`, 'Give each its own.');
  return endpoints.map(checkEndpoint);
};

const checkEndpoint = ({ name, url, secrets, kinds = USUAL_KINDS }: WebhookEndpoint): CheckedEndpoint => {
  if (!NAME.test(name))
    refuse(
      'A webhook needs a name of 1 to 50 letters, digits, dots, hyphens and underscores',
      'For example: crm.',
    );
  const fault = urlFault(url);
  if (fault !== undefined) refuse(`The address of the webhook ${name} ${fault}`, 'Give an https address.');
  if (secrets.length === 0 || secrets.length > SECRETS_MAX)
    refuse(
      `The webhook ${name} has ${secrets.length} secrets`,
      `Give one, or two during a change. ${MAKE_ONE}`,
    );
  const unknown = kinds.find((kind) => !ALL_KINDS.includes(kind));
  if (unknown !== undefined || kinds.length === 0)
    refuse(
      `The webhook ${name} wants ${unknown === undefined ? 'no events' : `the unknown event "${unknown}"`}`,
      `Use some of: ${ALL_KINDS.join(', ')}.`,
    );
  const keys = secrets.map((secret, index) => {
    const key = Buffer.from(SECRET.exec(secret)?.groups?.['base64'] ?? '', 'base64');
    if (key.length < KEY_BYTES_MIN || key.length > KEY_BYTES_MAX)
      refuse(
        `Secret ${index + 1} of the webhook ${name} is not whsec_ and 24 to 64 bytes in base64`,
        MAKE_ONE,
      );
    return key;
  });
  return { name, url, keys, kinds: new Set(kinds) };
};

const refuse = (message: string, remedy: string): never => {
  throw new KeeperError('webhook_invalid', message, remedy);
};

/** What is wrong with an address; `undefined` for nothing. Events say which car is whose, so they are encrypted. */
const urlFault = (text: string): string | undefined => {
  if (text.length > URL_MAX_CHARACTERS) return `is longer than ${URL_MAX_CHARACTERS} characters`;
  if (!URL.canParse(text)) return 'is not a full URL';
  const { protocol, hostname, username, password, hash } = new URL(text);
  if (username !== '' || password !== '') return 'has a user name or a password';
  if (hash !== '') return 'has a fragment';
  if (protocol === 'https:' || (protocol === 'http:' && isLoopbackName(hostname))) return undefined;
  return 'does not begin with https://';
};

/** Whether a host in a URL is this machine by its very name. */
export const isLoopbackName = (hostname: string): boolean =>
  hostname === 'localhost' || hostname === '[::1]' || /^127(?:\.\d{1,3}){3}$/.test(hostname);
