import { KeeperError } from '../errors.ts';
import type { Tokens } from '../putting/put.ts';
import type { Millis } from '../time.ts';

/** Names that other programs give to the members of a pair, in lower case and without separators. */
const MEMBERS = {
  accessToken: ['accesstoken', 'access', 'oauthaccesstoken'],
  refreshToken: ['refreshtoken', 'refresh', 'oauthrefreshtoken'],
  expiresIn: ['expiresin', 'accessexpiresin'],
  expiresAt: ['expiresat', 'expiry', 'expiration', 'expires', 'accessexpiresat', 'accesstokenexpiresat'],
  refreshExpiresIn: ['refreshtokenexpiresin', 'refreshexpiresin'],
  refreshExpiresAt: ['refreshtokenexpiresat', 'refreshexpiresat', 'refreshexpiration'],
  obtainedAt: ['obtainedat', 'createdat', 'issuedat', 'updatedat', 'obtainedatms'],
  scope: ['scope', 'scopes'],
} as const satisfies Record<string, readonly string[]>;

/** A member of a pair, as other programs name it. */
export type TokenMember = keyof typeof MEMBERS;

/** A name without case and separators: `refresh_token`, `refreshToken` and `Refresh-Token` are the same. */
export const plainName = (name: string): string => name.toLowerCase().replace(/[^a-z0-9]/g, '');

/** Which member of a pair a column or a JSON member is; `undefined` for none. */
export const memberOf = (name: string): TokenMember | undefined =>
  (Object.keys(MEMBERS) as TokenMember[]).find((member) =>
    (MEMBERS[member] as readonly string[]).includes(plainName(name)),
  );

/** Values by member, as they were found. */
export type FoundTokens = Readonly<Partial<Record<TokenMember, unknown>>>;

/**
 * The pair of found values. Moments may be seconds or milliseconds since 1970, or a date and time. Without a moment of
 * issue, lifetimes count from now. Throws `KeeperError` for a value that cannot be read; it never quotes one.
 */
export const tokensOf = (found: FoundTokens, nowMs: Millis): Tokens => {
  const obtainedAtMs = readMoment(found.obtainedAt, 'obtainedAt');
  const sinceMs = obtainedAtMs ?? nowMs;
  const expiresAtMs = readMoment(found.expiresAt, 'expiresAt');
  const refreshExpiresAtMs = readMoment(found.refreshExpiresAt, 'refreshExpiresAt');
  return {
    accessToken: readText(found.accessToken, 'accessToken'),
    refreshToken: readText(found.refreshToken, 'refreshToken'),
    scope: readScope(found.scope),
    expiresIn: readSeconds(found.expiresIn, 'expiresIn') ?? spanOf(expiresAtMs, sinceMs),
    refreshExpiresIn:
      readSeconds(found.refreshExpiresIn, 'refreshExpiresIn') ?? spanOf(refreshExpiresAtMs, sinceMs),
    obtainedAtMs,
  };
};

/** The members of a pair in an object, at its top or one level below (`data` of Pleos). */
export const findTokens = (body: unknown): FoundTokens => {
  const found: Partial<Record<TokenMember, unknown>> = {};
  const look = (value: unknown, depth: number): void => {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return;
    for (const [name, inner] of Object.entries(value)) {
      const member = memberOf(name);
      if (member !== undefined && (typeof inner !== 'object' || inner === null || Array.isArray(inner)))
        found[member] ??= inner;
      else if (depth > 0) look(inner, depth - 1);
    }
  };
  look(body, 1);
  return found;
};

const unreadable = (member: string, remedy: string): KeeperError =>
  new KeeperError('tokens_unreadable', `${member} cannot be read`, remedy);

const isMissing = (value: unknown): boolean => value === undefined || value === null || value === '';

const readText = (value: unknown, member: string): string | undefined => {
  if (isMissing(value)) return undefined;
  if (typeof value === 'string') return value.trim();
  throw unreadable(member, 'Give it as a text.');
};

const readScope = (value: unknown): string | undefined =>
  Array.isArray(value) ? value.join(' ') : readText(value, 'scope');

const readSeconds = (value: unknown, member: string): number | undefined => {
  if (isMissing(value)) return undefined;
  const number = Number(value);
  if (Number.isFinite(number) && number >= 0) return number;
  throw unreadable(member, 'Give it as a number of seconds.');
};

const spanOf = (atMs: Millis | undefined, sinceMs: Millis): number | undefined =>
  atMs === undefined ? undefined : Math.max(0, (atMs - sinceMs) / 1000);

/** Seconds since 1970 below this, milliseconds from here on: as seconds it is the year 5138. */
const MILLISECONDS_FROM = 1e11;

const readMoment = (value: unknown, member: string): Millis | undefined => {
  if (isMissing(value)) return undefined;
  const number = Number(value);
  if (Number.isFinite(number) && number >= 0) return number < MILLISECONDS_FROM ? number * 1000 : number;
  const text = String(value)
    .trim()
    .replace(/^(\d{4}-\d{2}-\d{2}) (\d)/, '$1T$2');
  // A date and time without a zone is UTC.
  const parsed = Date.parse(/T[\d:.]+$/.test(text) ? `${text}Z` : text);
  if (!Number.isNaN(parsed)) return parsed;
  throw unreadable(member, 'Give seconds since 1970, or a date and time such as 2026-01-31T12:00:00Z.');
};
