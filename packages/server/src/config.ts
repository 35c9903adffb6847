import * as v from 'valibot';
import { OperatorError } from './errors.ts';

const wholeNumber = (least: number, most: number) =>
  v.pipe(
    v.union(
      [v.number(), v.pipe(v.string(), v.regex(/^[0-9]+$/), v.transform(Number))],
      'must be a whole number',
    ),
    v.integer('must be a whole number'),
    v.minValue(least, `must be at least ${least}`),
    v.maxValue(most, `must be at most ${most}`),
  );
const integer = (least: number, most: number, fallback: number) =>
  v.optional(wholeNumber(least, most), fallback);
const text = v.pipe(v.string('must be text'), v.nonEmpty('must not be empty'));
const yesOrNo = (fallback: boolean) =>
  v.optional(
    v.union(
      [
        v.boolean(),
        v.pipe(
          v.picklist(['true', 'false']),
          v.transform((value) => value === 'true'),
        ),
      ],
      'must be true or false',
    ),
    fallback,
  );

const LOOPBACK_HOSTS: ReadonlySet<string> = new Set(['127.0.0.1', '[::1]', 'localhost']);
const isUrl = (value: string, isFit: (url: URL) => boolean): boolean =>
  URL.canParse(value) && isFit(new URL(value));
const isHttp = ({ protocol, username, password }: URL): boolean =>
  /^https?:$/.test(protocol) && username === '' && password === '';
const isSafe = (url: URL): boolean =>
  isHttp(url) && (url.protocol === 'https:' || LOOPBACK_HOSTS.has(url.hostname));

const PLAIN_URL = /^https?:\/\/[^/?#@\s\\]+(?:\/[A-Za-z0-9._~-]+)*\/?$/;
/** A URL to which paths are appended, without the slash that people end it with. */
const baseUrl = v.pipe(
  text,
  v.check(
    (value) => PLAIN_URL.test(value) && URL.canParse(value),
    'must be an http or https URL of a host and at most a plain path',
  ),
  v.transform((value) => value.replace(/\/$/, '')),
);

/** Every setting with its bounds and its default: the one place where defaults are written down. */
const SETTINGS = {
  /** The address the public endpoints listen on. */
  host: v.optional(text, '127.0.0.1'),
  /** 0 takes a free one. */
  port: integer(0, 65_535, 8787),
  /** The address that `GET /livez`, `/readyz` and `/metrics` are answered on, without any authentication. */
  adminHost: v.optional(text, '127.0.0.1'),
  /** Its port; 0 takes a free one. Without it nothing listens there. */
  adminPort: v.optional(wholeNumber(0, 65_535)),
  /** The data directory: the store and, unless named elsewhere, the key file. */
  data: v.optional(text, 'data'),
  /** The PostgreSQL database that is the store of any number of nodes; without it a file in the data directory is. */
  store: v.optional(
    v.pipe(
      text,
      v.check(
        (value) => /^postgres(?:ql)?:\/\//.test(value) && URL.canParse(value),
        'must be the address of a PostgreSQL database, postgres://USER:PASSWORD@HOST:PORT/DATABASE',
      ),
    ),
  ),
  /** Where the key ring is read from; without it `keyfob.key` in the data directory. */
  keyFile: v.optional(text),
  /** The key ring itself, for a secret manager that fills the environment. */
  key: v.optional(text),
  /** The URL under which the world reaches the server, and the issuer (RFC 8414); without it, where it listens. */
  publicUrl: v.optional(baseUrl),
  /** Whether simulated owners with simulated vehicles may sign in. */
  demo: yesOrNo(false),
  /** The OpenID Connect provider with which owners sign in. */
  signInIssuer: v.optional(
    v.pipe(
      text,
      v.check((value) => isUrl(value, isSafe), 'must be an https URL, or http on this machine'),
    ),
  ),
  signInClientId: v.optional(text),
  /** Without it the provider is asked as by a public client. */
  signInClientSecret: v.optional(text),
  signInScope: v.optional(
    v.pipe(
      text,
      v.check((value) => value.split(' ').includes('openid'), 'must have openid in it'),
    ),
    'openid profile',
  ),
  /** Asked for the vehicles of an owner: GET with `subject` in the query. */
  vehiclesUrl: v.optional(
    v.pipe(
      text,
      v.check((value) => isUrl(value, isHttp), 'must be an http or https URL'),
    ),
  ),
  /** Shown to it as a bearer token. */
  vehiclesToken: v.optional(text),
  logLevel: v.optional(
    v.picklist(
      ['debug', 'info', 'warn', 'error', 'silent'],
      'must be one of debug, info, warn, error, silent',
    ),
    'info',
  ),
  bodyMaxBytes: integer(1024, 1_048_576, 16_384),
  headersMaxBytes: integer(1024, 131_072, 16_384),
  /** From the first byte of a request to the last of its headers. */
  headersTimeoutSeconds: integer(1, 300, 10),
  /** From the first byte of a request to the last of its body. */
  requestTimeoutSeconds: integer(1, 600, 15),
  /** How long an idle connection is kept. Above the 60 seconds common in load balancers, so that they close first. */
  keepAliveTimeoutSeconds: integer(1, 3600, 75),
  requestsPerConnectionMax: integer(1, 1_000_000_000, 1_000_000),
  connectionsMax: integer(1, 1_000_000, 20_000),
  /** Requests being answered at one moment; one more gets 503. */
  concurrentRequestsMax: integer(1, 1_000_000, 2000),
  /**
   * How many proxies of ours stand in front, each of which adds the address it was called from to `X-Forwarded-For`: the
   * caller is that entry from the right. 0 believes no header.
   */
  forwardedHops: integer(0, 16, 0),
  /** Failures to authenticate a client that one address may have in a window; more gets 429. 0 for any number. */
  authenticationFailuresPerAddressMax: integer(0, 1_000_000, 20),
  /** Failures to authenticate as one client, from wherever, in a window; more gets 429. 0 for any number. */
  authenticationFailuresPerClientMax: integer(0, 1_000_000, 100),
  authenticationFailuresWindowSeconds: integer(1, 86_400, 60),
  /** How long open requests may take to finish after SIGTERM. */
  shutdownGraceSeconds: integer(0, 600, 10),
} as const;

const schema = v.pipe(
  v.strictObject(SETTINGS),
  v.check(
    (config) => config.headersTimeoutSeconds <= config.requestTimeoutSeconds,
    'headersTimeoutSeconds must be at most requestTimeoutSeconds',
  ),
  v.check(
    (config) => config.key === undefined || config.keyFile === undefined,
    'give key or keyFile, not both',
  ),
  v.check(
    (config) => (config.signInIssuer === undefined) === (config.signInClientId === undefined),
    'signInIssuer and signInClientId go together',
  ),
);

export type Config = Readonly<v.InferOutput<typeof schema>>;

/** Values by the name of the setting. */
type Values = Readonly<Record<string, unknown>>;
type Environment = Readonly<Record<string, string | undefined>>;

export type ConfigSources = {
  readonly flags?: Values;
  readonly environment?: Readonly<Record<string, string | undefined>>;
  readonly file?: Values;
};

const ENVIRONMENT_PREFIX = 'KEYFOB_';
/** What Kubernetes puts into a pod for every service of its namespace, one called keyfob or keyfob-admin among them. */
const SERVICE_VARIABLE = /_SERVICE_(?:HOST|PORT(?:_\w+)?)$|_PORT_\d+_(?:TCP|UDP|SCTP)(?:_\w+)?$/;
const SERVICE_ADDRESS = /^(?:tcp|udp|sctp):\/\//;

const isSetting = (name: string, value: string): boolean => {
  if (name === 'KEYFOB_CONFIG' || SERVICE_VARIABLE.test(name)) return false;
  return !(name.endsWith('_PORT') && SERVICE_ADDRESS.test(value));
};

/**
 * The frozen configuration: flags before environment (`KEYFOB_BODY_MAX_BYTES` for `bodyMaxBytes`) before file before
 * default. Throws `OperatorError` `config_invalid` with every fault; an unknown name is answered with the nearest
 * known one. Never prints a value, which may be a key.
 */
export const parseConfig = ({ flags = {}, environment = {}, file = {} }: ConfigSources): Config => {
  const values = { ...file, ...readEnvironment(environment), ...dropUndefined(flags) };
  const faults = Object.keys(values).flatMap((name) =>
    Object.hasOwn(SETTINGS, name) ? [] : [describeUnknown(name, environment)],
  );
  const result = v.safeParse(schema, values);
  if (!result.success) {
    for (const issue of result.issues) {
      const name = v.getDotPath(issue);
      if (name === null || Object.hasOwn(SETTINGS, name))
        faults.push(name === null ? issue.message : `${name} ${issue.message}`);
    }
  }
  if (!result.success || faults.length > 0) {
    throw new OperatorError(
      'config_invalid',
      `the configuration is wrong: ${faults.join('; ')}`,
      CONFIG_MEND,
    );
  }
  return Object.freeze(result.output);
};

const CONFIG_MEND =
  'Correct it where it was given: a flag, an environment variable KEYFOB_..., or the file named by --config.';

const readEnvironment = (environment: Environment): Values =>
  Object.fromEntries(
    Object.entries(environment)
      .filter(
        ([name, value]) =>
          name.startsWith(ENVIRONMENT_PREFIX) && value !== undefined && isSetting(name, value),
      )
      .map(([name, value]) => [toSettingName(name), value]),
  );

const toSettingName = (variable: string): string =>
  variable
    .slice(ENVIRONMENT_PREFIX.length)
    .toLowerCase()
    .replace(/_(?<letter>[a-z])/g, (_match, letter: string) => letter.toUpperCase());

const toVariable = (setting: string): string =>
  `${ENVIRONMENT_PREFIX}${setting.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase()}`;

const dropUndefined = (values: Values): Values =>
  Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined));

const describeUnknown = (name: string, environment: Environment): string => {
  const nearest = Object.keys(SETTINGS)
    .map((known) => ({ known, distance: editDistance(known.toLowerCase(), name.toLowerCase()) }))
    .sort((left, right) => left.distance - right.distance)[0];
  const variable = Object.keys(environment).find((one) => one !== name && toSettingName(one) === name);
  const isNear =
    nearest !== undefined && nearest.distance <= Math.min(3, Math.max(2, Math.floor(name.length / 3)));
  if (!isNear) return `${variable ?? name} is no setting`;
  const known = variable === undefined ? nearest.known : toVariable(nearest.known);
  return `${variable ?? name} is no setting, did you mean ${known}?`;
};

/** Letters to insert, remove or replace to make one word of the other (Levenshtein). */
const editDistance = (left: string, right: string): number => {
  let row = Array.from({ length: right.length + 1 }, (_, index) => index);
  for (let i = 1; i <= left.length; i++) {
    const next = [i];
    for (let j = 1; j <= right.length; j++) {
      const replaced = (row[j - 1] ?? 0) + (left[i - 1] === right[j - 1] ? 0 : 1);
      next.push(Math.min(replaced, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[right.length] ?? 0;
};
