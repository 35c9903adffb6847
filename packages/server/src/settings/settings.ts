import { LIMIT_SETTINGS } from './limit-settings.ts';
import {
  addressRanges,
  baseUrl,
  httpUrl,
  listenHost,
  oneOf,
  postgresUrl,
  roleMapping,
  safeOrigin,
  safeUrl,
  text,
  trueOrFalse,
  wholeNumber,
  wordsWith,
} from './values.ts';
import type { Setting, SettingValues } from './values.ts';

/** Every setting with its bounds, its default and its effect: the one place where they are written down. */
export const SETTINGS = {
  host: {
    ...listenHost,
    default: '127.0.0.1',
    flag: '--host <address>',
    effect: 'Name or address on which the public endpoints listen; `0.0.0.0` or `::` for all of the machine.',
  },
  port: {
    ...wholeNumber(0, 65_535),
    default: 8787,
    flag: '--port <number>',
    effect: 'Port on which the public endpoints listen; 0 picks a free one.',
  },
  socket: {
    ...text,
    flag: '--socket <path>',
    effect:
      'Unix socket on which the public endpoints listen instead of `host` and `port`. Needs `publicUrl`. Everybody who may enter its folder can connect.',
  },
  adminHost: {
    ...listenHost,
    default: '127.0.0.1',
    effect:
      'Address on which `GET /livez`, `/readyz` and `/metrics` are answered. They are unauthenticated, so strangers must not reach it.',
  },
  adminPort: {
    ...wholeNumber(0, 65_535),
    flag: '--admin-port <number>',
    effect: 'Port of the admin listener; 0 picks a free one. Without it there is no admin listener.',
  },
  adminAllowedHosts: {
    ...text,
    effect:
      'Names, separated by commas, by which probes and scrapers may reach the admin listener. Addresses and `localhost` always work; other names get 421.',
  },
  adminPublicUrl: {
    ...safeOrigin,
    effect:
      'URL by which browsers of operators reach the admin listener, where a proxy is in front of it. Its host is allowed, and `https` makes cookies secure. Without it, where the admin listener listens.',
  },
  operatorSignInIssuer: {
    ...safeUrl,
    effect:
      'OpenID Connect provider at which operators sign in to the console. Needs `operatorSignInClientId` and `operatorRoles`.',
  },
  operatorSignInClientId: { ...text, effect: 'Client id of the console at that provider.' },
  operatorSignInClientSecret: {
    ...text,
    effect: 'Client secret at that provider. Without it the console is a public client there.',
  },
  operatorSignInScope: {
    ...wordsWith('openid'),
    default: 'openid profile',
    effect: 'Scope that the console requests from that provider.',
  },
  operatorRoleClaim: {
    ...text,
    default: 'roles',
    effect: 'Claim of the ID token with the roles or groups of an operator: a text or a list of texts.',
  },
  operatorClientsClaim: {
    ...text,
    default: 'keyfob_clients',
    effect:
      'Claim of the ID token with the client ids that somebody with the role `developer` works with: a text of words or a list of texts.',
  },
  operatorRoles: {
    ...roleMapping,
    effect:
      'Which role each value of that claim gives, as in `keyfob-admins=admin,helpdesk=support`. The highest one counts; nobody without one gets in.',
  },
  data: {
    ...text,
    default: 'data',
    flag: '--data <dir>',
    effect: 'Data directory: it holds the store and, unless another is named, the key file.',
  },
  store: {
    ...postgresUrl,
    flag: '--store <url>',
    effect:
      'PostgreSQL database that is the store of all nodes. Without it, a file in the data directory is the store. A password belongs in the environment, not in a flag.',
  },
  keyFile: {
    ...text,
    flag: '--key-file <file>',
    effect: 'File with the key ring. Without it, `keyfob.key` in the data directory.',
  },
  key: {
    ...text,
    effect:
      'The key ring itself, for a secret manager that fills the environment. Several lines are separated by line ends or commas.',
  },
  keyCommand: {
    ...text,
    effect:
      'Shell command that prints the key ring, such as the client of a secret manager. At most one of `keyFile`, `key` and `keyCommand` may be set.',
  },
  mtlsPort: {
    ...wholeNumber(0, 65_535),
    effect:
      'Port of a second public listener, with TLS, that asks clients for a certificate (RFC 8705); 0 picks a free one. Needs `mtlsCertificateFile` and `mtlsKeyFile`. It listens on `host`.',
  },
  mtlsCertificateFile: { ...text, effect: 'PEM file with the certificate of that listener and its chain.' },
  mtlsKeyFile: { ...text, effect: 'PEM file with the private key of that listener.' },
  mtlsPublicUrl: {
    ...safeUrl,
    effect:
      'URL under which clients with certificates reach the server: of that listener, or of the proxy that asks for certificates. Metadata names it (`mtls_endpoint_aliases`).',
  },
  clientCertificateHeader: {
    ...text,
    effect:
      'Header in which a proxy passes the certificate of a client, such as `Client-Cert` (RFC 9440). Needs `clientCertificateProxies`.',
  },
  clientCertificateProxies: {
    ...addressRanges,
    effect:
      'Addresses or CIDR ranges, separated by commas, of the proxies whose `clientCertificateHeader` counts. From everybody else the header counts as not sent.',
  },
  clientAuthoritiesFile: {
    ...text,
    effect:
      'PEM file with every authority that issues certificates to clients (`tls_client_auth`), those between a root and a client included.',
  },
  publicUrl: {
    ...baseUrl,
    flag: '--public-url <url>',
    effect: 'URL under which the world reaches the server: the issuer. Without it, where the server listens.',
  },
  insecurePublicUrl: {
    ...trueOrFalse,
    default: false,
    flag: '--insecure-public-url',
    effect:
      'Accepts a `publicUrl` with http on another machine than this one. Everybody on the network in between can then read codes, tokens and sessions: for a closed network only.',
  },
  demo: {
    ...trueOrFalse,
    default: false,
    flag: '--demo',
    effect: 'Keeps a demo client and grant per dialect, and lets simulated owners sign in.',
  },
  metadataDialect: {
    ...text,
    effect: 'Dialect whose endpoints the metadata names (RFC 8414). Unset: the first one.',
  },
  requirePushedRequests: {
    ...trueOrFalse,
    default: false,
    effect: 'Accepts no authorization request that its client did not push (RFC 9126).',
  },
  requireProofNonces: {
    ...trueOrFalse,
    default: true,
    effect: 'Demands a nonce of this server in the DPoP proofs of token and pushed requests (RFC 9449 §8).',
  },
  clientRegistration: {
    ...trueOrFalse,
    default: false,
    effect:
      'Lets clients register themselves (RFC 7591) with a token that an operator made (`keyfob registration create`). An operator approves each, unless the token says otherwise.',
  },
  scopesFile: {
    ...text,
    flag: '--scopes-file <file>',
    effect:
      'JSON file with the scopes that this deployment adds to the documented ones or puts in their place. It is read at the start.',
  },
  signInIssuer: {
    ...safeUrl,
    effect: 'OpenID Connect provider at which owners sign in. Needs `signInClientId`.',
  },
  signInClientId: { ...text, effect: 'Client id of this server at that provider.' },
  signInClientSecret: {
    ...text,
    effect: 'Client secret at that provider. Without it the server is a public client there.',
  },
  signInClientAuthentication: {
    ...oneOf(['client_secret_basic', 'client_secret_post']),
    effect:
      "How the server sends its client secret to that provider. Without it, as the provider's metadata asks for.",
  },
  signInScope: {
    ...wordsWith('openid'),
    default: 'openid profile',
    effect: 'Scope that the server requests from that provider.',
  },
  vehiclesUrl: {
    ...httpUrl,
    effect: "URL that lists an owner's vehicles: GET with `subject` in the query.",
  },
  vehiclesToken: { ...text, effect: 'Bearer token that the server sends to `vehiclesUrl`.' },
  egressAllowedRanges: {
    ...addressRanges,
    effect:
      'Private addresses that webhooks may be sent to: addresses or CIDR ranges, separated by commas. Without it, only public addresses. Checked at every connection.',
  },
  trustClock: {
    ...trueOrFalse,
    default: false,
    flag: '--trust-clock',
    effect:
      'Takes the clock as right at the start, even where it contradicts the store. For one start, after somebody has checked the clock.',
  },
  logLevel: {
    ...oneOf(['debug', 'info', 'warn', 'error', 'silent']),
    default: 'info',
    flag: '--log-level <level>',
    effect: 'Least severe log events that the command writes.',
  },
  ...LIMIT_SETTINGS,
} as const satisfies Readonly<Record<string, Setting>>;

export type SettingName = keyof typeof SETTINGS;

type Table = typeof SETTINGS;
type ValueOf<Name extends SettingName> = Table[Name] extends SettingValues<infer Value> ? Value : never;
type NameWithDefault = {
  [Name in SettingName]: Table[Name] extends { readonly default: unknown } ? Name : never;
}[SettingName];

/** Settings as a program gives them: any of them. */
export type Settings = { readonly [Name in SettingName]?: ValueOf<Name> | undefined };

/** The value of every setting. Those without a default may be absent. */
export type Config = {
  readonly [Name in NameWithDefault]: ValueOf<Name>;
} & {
  readonly [Name in Exclude<SettingName, NameWithDefault>]?: ValueOf<Name> | undefined;
};
