import * as v from 'valibot';
import { parseRanges } from '../egress/address-ranges.ts';
import { parseRoles, ROLES } from '../operators/role.ts';
import { readAddress } from '../stores/postgres/connection/address.ts';

/** What values a setting takes: a schema to check them, and words for people. */
export type SettingValues<Output> = {
  readonly schema: v.GenericSchema<unknown, Output>;
  /** For the reference page, such as `0 to 65535`. */
  readonly values: string;
};

/** One setting. Its environment name follows from its name: `KEYFOB_BODY_MAX_BYTES` for `bodyMaxBytes`. */
export type Setting = SettingValues<string | number | boolean> & {
  /** `undefined` if the setting may stay unset. */
  readonly default?: string | number | boolean;
  /** The option of the command, if it has one, as its help shows it. */
  readonly flag?: string;
  /** What it does, as one sentence or more, for people. */
  readonly effect: string;
};

/** A number, or its digits as text. */
export const wholeNumber = (least: number, most: number): SettingValues<number> => ({
  values: `${least} to ${most}`,
  schema: v.pipe(
    v.union(
      [v.number(), v.pipe(v.string(), v.regex(/^[0-9]+$/), v.transform(Number))],
      'must be a whole number',
    ),
    v.integer('must be a whole number'),
    v.minValue(least, `must be at least ${least}`),
    v.maxValue(most, `must be at most ${most}`),
  ),
});

const nonEmpty = v.pipe(v.string('must be text'), v.nonEmpty('must not be empty'));

export const text: SettingValues<string> = { values: 'text', schema: nonEmpty };

/** A name or an address to listen on. An IPv6 address may have brackets, as in a URL. */
export const listenHost: SettingValues<string> = {
  values: 'a name or an address',
  schema: v.pipe(
    nonEmpty,
    v.transform((value) => value.replace(/^\[(?<address>[^\]]+)\]$/, '$<address>')),
  ),
};

export const trueOrFalse: SettingValues<boolean> = {
  values: 'true or false',
  schema: v.union(
    [
      v.boolean(),
      v.pipe(
        v.picklist(['true', 'false']),
        v.transform((value) => value === 'true'),
      ),
    ],
    'must be true or false',
  ),
};

export const oneOf = <const Word extends string>(words: readonly Word[]): SettingValues<Word> => ({
  values: words.join(', '),
  schema: v.picklist(words, `must be one of ${words.join(', ')}`),
});

/** Text that has `word` in it, among others and separated by spaces. */
export const wordsWith = (word: string): SettingValues<string> => ({
  values: `words, ${word} among them`,
  schema: v.pipe(
    nonEmpty,
    v.check((value) => value.split(' ').includes(word), `must contain ${word}`),
  ),
});

const LOOPBACK_HOSTS: ReadonlySet<string> = new Set(['127.0.0.1', '[::1]', 'localhost']);
const isUrl = (value: string, isFit: (url: URL) => boolean): boolean =>
  URL.canParse(value) && isFit(new URL(value));
const isHttp = ({ protocol, username, password }: URL): boolean =>
  /^https?:$/.test(protocol) && username === '' && password === '';
const isSafe = (url: URL): boolean =>
  isHttp(url) && (url.protocol === 'https:' || LOOPBACK_HOSTS.has(url.hostname));

/** Whether a URL uses https, or http on this machine. */
export const isSafeUrl = (value: string): boolean => isUrl(value, isSafe);

export const httpUrl: SettingValues<string> = {
  values: 'an http or https URL',
  schema: v.pipe(
    nonEmpty,
    v.check((value) => isUrl(value, isHttp), 'must be an http or https URL'),
  ),
};

export const safeUrl: SettingValues<string> = {
  values: 'an https URL, or http on this machine',
  schema: v.pipe(
    nonEmpty,
    v.check((value) => isUrl(value, isSafe), 'must be an https URL, or http on this machine'),
  ),
};

/** A URL of a host alone, to which paths are appended. */
export const safeOrigin: SettingValues<string> = {
  values: 'an https URL of a host, or http on this machine',
  schema: v.pipe(
    nonEmpty,
    v.check((value) => isUrl(value, isSafe), 'must be an https URL, or http on this machine'),
    v.check((value) => !isUrl(value, hasMore), 'must be the URL of a host, without a path or a query'),
    v.transform((value) => new URL(value).origin),
  ),
};

const hasMore = ({ pathname, search, hash }: URL): boolean => `${pathname}${search}${hash}` !== '/';

const PLAIN_URL = /^https?:\/\/[^/?#@\s\\]+(?:\/[A-Za-z0-9._~-]+)*\/?$/;

/** Whether a URL says the same when it is parsed and written again. */
const isCanonical = (value: string): boolean => {
  const { origin, pathname } = new URL(value);
  return withoutSlash(`${origin}${pathname}`) === withoutSlash(value);
};

const withoutSlash = (url: string): string => url.replace(/\/$/, '');

/**
 * A URL to which paths are appended. A slash at its end is removed. Clients compare it as text with what they were given, and some
 * with what their parser made of that, so it must be written in the one way that parsers write it.
 */
export const baseUrl: SettingValues<string> = {
  values: 'an http or https URL: a host and at most a plain path',
  schema: v.pipe(
    nonEmpty,
    v.check(
      (value) => PLAIN_URL.test(value) && URL.canParse(value),
      'must be an http or https URL of a host and at most a plain path',
    ),
    v.check(
      (value) => !URL.canParse(value) || isCanonical(value),
      'must be written as browsers write it: in lower case, without a default port or dots as a segment, other letters as xn--',
    ),
    v.transform(withoutSlash),
  ),
};

export const addressRanges: SettingValues<string> = {
  values: 'addresses or CIDR ranges, separated by commas',
  schema: v.pipe(
    nonEmpty,
    v.check(
      (value) => parseRanges(value) !== undefined,
      'must be addresses or CIDR ranges separated by commas, such as 10.0.0.0/8',
    ),
  ),
};

/** Values of a claim and the roles that they give. */
export const roleMapping: SettingValues<string> = {
  values: `VALUE=ROLE, separated by commas; a role is ${ROLES.join(', ')}`,
  schema: v.pipe(
    nonEmpty,
    v.check(
      (value) => parseRoles(value) !== undefined,
      `must be VALUE=ROLE separated by commas, with the roles ${ROLES.join(', ')}`,
    ),
  ),
};

const faultOfAddress = (value: string): string | undefined => {
  const address = readAddress(value);
  return 'fault' in address ? address.fault : undefined;
};

export const postgresUrl: SettingValues<string> = {
  values: 'postgres://USER:PASSWORD@HOST:PORT/DATABASE',
  schema: v.pipe(
    nonEmpty,
    v.check(
      (value) => faultOfAddress(value) === undefined,
      ({ input }) => faultOfAddress(input) ?? '',
    ),
  ),
};
