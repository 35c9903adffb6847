import { existsSync, readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import * as v from 'valibot';
import { KeeperError } from '../errors.ts';
import { CLIENT_MEMBERS, CLIENTS } from './client-settings.ts';
import type { ClientSettings } from './client-settings.ts';
import { parseCommentedJson } from './commented-json.ts';
import { nearestName } from './nearest-name.ts';
import { WEBHOOK_MEMBERS, WEBHOOKS } from './webhook-settings.ts';
import type { WebhookSettings } from './webhook-settings.ts';

/** The name of the settings file, in the current directory. */
export const SETTINGS_FILE = 'keyfob-keeper.json';

/** What a deployment says about itself. Secrets are not in it: only where they are read from. */
export type Settings = {
  /** The path of a SQLite file, or the URL of a PostgreSQL database. */
  readonly store: string;
  /** With PostgreSQL: a directory that outlives the process. */
  readonly directory: string | undefined;
  readonly keyFile: string | undefined;
  readonly clients: Readonly<Record<string, ClientSettings>>;
  /** Where an owner consents again; `{name}` stands for the connection. */
  readonly reconnectUrl: string | undefined;
  /** Where the service listens. */
  readonly host: string;
  readonly port: number;
  /** Trusted proxies in front of the service. */
  readonly forwardedHops: number;
  readonly webhooks: readonly WebhookSettings[];
  /** Private ranges of addresses that webhooks may be sent to. */
  readonly webhookAllowedRanges: readonly string[];
  /** The file that was read; `undefined` where there is none. */
  readonly path: string | undefined;
  /** Paths of the settings are relative to it. */
  readonly base: string;
  readonly environment: Environment;
};

/** Variables by their names. */
export type Environment = Readonly<Record<string, string | undefined>>;

const text = v.pipe(v.string('must be a text'), v.nonEmpty('must not be empty'));

/** A number, which a variable has as text. */
const wholeNumber = (least: number, most: number) =>
  v.pipe(
    v.union([v.number(), v.pipe(v.string(), v.regex(/^\d{1,9}$/), v.transform(Number))], 'must be a number'),
    v.check(
      (value) => Number.isInteger(value) && value >= least && value <= most,
      `must be a whole number from ${least} to ${most}`,
    ),
  );

/** Every setting of the file besides `clients`: the variable that overrides it, and what it does. */
export const SETTINGS = {
  store: {
    variable: 'KEEPER_STORE',
    schema: text,
    effect: 'path of the SQLite file, or URL of the PostgreSQL database',
  },
  directory: {
    variable: 'KEEPER_DIRECTORY',
    schema: text,
    effect:
      'with PostgreSQL: a directory of this machine for answers that the database refuses, and for the guard against copies',
  },
  keyFile: {
    variable: 'KEEPER_KEY_FILE',
    schema: text,
    effect: 'file with the keys, the current one first; KEEPER_KEY holds the keys themselves',
  },
  reconnectUrl: {
    variable: 'KEEPER_RECONNECT_URL',
    schema: v.pipe(
      text,
      v.check((url) => /^https?:\/\//.test(url) && URL.canParse(url), 'must be an http or https URL'),
      v.check((url) => url.includes('{name}'), 'must have {name} where the name of the connection goes'),
    ),
    effect: 'where an owner consents again; {name} stands for the connection',
  },
  host: {
    variable: 'KEEPER_HOST',
    schema: text,
    effect: 'address on which the service listens; 127.0.0.1 by default, 0.0.0.0 in a container',
  },
  port: {
    variable: 'KEEPER_PORT',
    schema: wholeNumber(0, 65_535),
    effect: 'port of the service; 8790 by default',
  },
  forwardedHops: {
    variable: 'KEEPER_FORWARDED_HOPS',
    schema: wholeNumber(0, 10),
    effect: 'how many trusted proxies in front write X-Forwarded-For; 0 by default',
  },
} as const;

/** Variables that are not settings of the file. */
const OTHER_VARIABLES = ['KEEPER_KEY', 'KEEPER_CONFIG'];
/** Kubernetes sets these for a Service that is called "keeper", and KEEPER_PORT to a value that begins with tcp:. */
const OF_KUBERNETES = /^KEEPER_(?:SERVICE_|PORT_)/;

const FILE = v.object({
  ...Object.fromEntries(Object.entries(SETTINGS).map(([name, { schema }]) => [name, v.optional(schema)])),
  clients: v.optional(CLIENTS),
  webhooks: v.optional(WEBHOOKS),
  webhookAllowedRanges: v.optional(v.array(text, 'must be a list of ranges such as 10.0.0.0/8')),
});

/**
 * The settings of the file and of the environment, which wins. Throws `KeeperError` `settings_invalid` with every fault; an
 * unknown name is reported with the nearest known one. No value is printed: it may be a secret.
 */
export const readSettings = (environment: Environment, given?: string): Settings => {
  const named = given ?? environment['KEEPER_CONFIG'];
  const path = resolve(named ?? SETTINGS_FILE);
  const isThere = existsSync(path);
  if (!isThere && named !== undefined)
    throw new KeeperError('settings_missing', `There is no file ${path}`, 'Name the settings file.');
  const file = isThere ? readFile(path) : {};
  const variables = readVariables(environment);
  const faults = [...unknownIn(file), ...unknownVariables(environment, file)];
  const values = { ...file, ...variables };
  const result = v.safeParse(FILE, values);
  if (!result.success) faults.push(...result.issues.map((issue) => describeIssue(issue, variables)));
  if (!result.success || faults.length > 0)
    throw new KeeperError(
      'settings_invalid',
      `The settings are wrong: ${faults.join('; ')}`,
      `Correct ${isThere ? `${named ?? SETTINGS_FILE} or ` : ''}the environment; "keyfob-keeper init" writes a file to start with.`,
    );
  const base = isThere ? dirname(path) : process.cwd();
  const output = result.output as Partial<Settings>;
  if (!isThere && output.store === undefined)
    throw new KeeperError(
      'settings_missing',
      `There is no ${SETTINGS_FILE} in this directory, and KEEPER_STORE is not set`,
      'Run "keyfob-keeper init", or name the file with --config or KEEPER_CONFIG.',
    );
  return {
    store: placeOf(output.store ?? './keeper.db', variables['store'] === undefined ? base : process.cwd()),
    directory: optionalPlace(output.directory, variables['directory'] === undefined ? base : process.cwd()),
    keyFile: optionalPlace(output.keyFile, variables['keyFile'] === undefined ? base : process.cwd()),
    clients: output.clients ?? {},
    reconnectUrl: output.reconnectUrl,
    host: output.host ?? '127.0.0.1',
    port: output.port ?? 8790,
    forwardedHops: output.forwardedHops ?? 0,
    webhooks: output.webhooks ?? [],
    webhookAllowedRanges: output.webhookAllowedRanges ?? [],
    path: isThere ? path : undefined,
    base,
    environment,
  };
};

/** Whether the store is a PostgreSQL database. */
export const isDatabaseUrl = (store: string): boolean => /^postgres(?:ql)?:\/\//.test(store);

const placeOf = (store: string, base: string): string =>
  isDatabaseUrl(store) ? store : resolve(base, store);

const optionalPlace = (path: string | undefined, base: string): string | undefined =>
  path === undefined ? undefined : resolve(base, path);

const readFile = (path: string): Readonly<Record<string, unknown>> => {
  const wrong = (what: string, cause?: unknown): KeeperError =>
    new KeeperError(
      'settings_invalid',
      `${path}: ${what}`,
      'It must hold one JSON object; a line may end with a comment, //.',
      { cause },
    );
  try {
    const value = parseCommentedJson(readFileSync(path, 'utf8'));
    if (typeof value === 'object' && value !== null && !Array.isArray(value))
      return refusePassword(value as Record<string, unknown>, path);
  } catch (error) {
    if (error instanceof KeeperError) throw error;
    // The parser's message quotes the text, which may hold a secret.
    const at = error instanceof SyntaxError ? /line \d+ column \d+/.exec(error.message)?.[0] : undefined;
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'not JSON';
    throw wrong(at === undefined ? `cannot be read (${code})` : `not JSON, at ${at}`, error);
  }
  throw wrong('not a JSON object');
};

const refusePassword = <Values extends Record<string, unknown>>(values: Values, path: string): Values => {
  const store = values['store'];
  if (
    typeof store === 'string' &&
    isDatabaseUrl(store) &&
    URL.canParse(store) &&
    new URL(store).password !== ''
  )
    throw new KeeperError(
      'settings_invalid',
      `${path}: store has a password in it`,
      'Set KEEPER_STORE to the whole URL, and leave it out here: secrets do not stand in this file.',
    );
  return values;
};

const readVariables = (environment: Environment): Readonly<Record<string, string>> =>
  Object.fromEntries(
    Object.entries(SETTINGS).flatMap(([name, { variable }]) => {
      const value = environment[variable];
      return value === undefined || value === '' || value.startsWith('tcp://') ? [] : [[name, value]];
    }),
  );

/** Settings that are lists or objects: the file alone has them. */
const STRUCTURED = ['clients', 'webhooks', 'webhookAllowedRanges'];

const unknownIn = (file: Readonly<Record<string, unknown>>): readonly string[] => [
  ...unknownNames(file, [...Object.keys(SETTINGS), ...STRUCTURED], ''),
  ...unknownBelow(file['clients'], 'clients', Object.keys(CLIENT_MEMBERS)),
  ...unknownBelow(file['webhooks'], 'webhooks', Object.keys(WEBHOOK_MEMBERS)),
];

const unknownBelow = (values: unknown, setting: string, known: readonly string[]): readonly string[] =>
  typeof values === 'object' && values !== null
    ? Object.entries(values).flatMap(([name, one]) => unknownNames(one, known, `${setting}.${name}.`))
    : [];

const unknownNames = (values: unknown, known: readonly string[], prefix: string): readonly string[] =>
  typeof values !== 'object' || values === null
    ? []
    : Object.keys(values)
        .filter((name) => !known.includes(name))
        .map((name) => {
          const nearest = nearestName(name, known);
          const hint = nearest === undefined ? '' : `, did you mean ${prefix}${nearest}?`;
          return `unknown setting ${prefix}${name}${hint}`;
        });

/** Variables of the keeper that mean nothing: a misspelt one would be overlooked. */
const unknownVariables = (
  environment: Environment,
  file: Readonly<Record<string, unknown>>,
): readonly string[] => {
  const known = [...Object.values(SETTINGS).map(({ variable }) => variable), ...OTHER_VARIABLES];
  const named = JSON.stringify(file);
  return Object.keys(environment)
    .filter((name) => name.startsWith('KEEPER_') && !known.includes(name) && !OF_KUBERNETES.test(name))
    .filter((name) => !named.includes(`"${name}"`))
    .map((name) => {
      const nearest = nearestName(name, known);
      return `unknown variable ${name}${nearest === undefined ? '' : `, did you mean ${nearest}?`}`;
    });
};

const describeIssue = (issue: v.BaseIssue<unknown>, variables: Readonly<Record<string, string>>): string => {
  const path = v.getDotPath(issue) ?? '';
  const setting = path in variables ? SETTINGS[path as keyof typeof SETTINGS].variable : path;
  return issue.received === 'undefined' ? `${setting} is missing` : `${setting} ${issue.message}`;
};
