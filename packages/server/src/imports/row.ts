import type { Client } from '../clients/client.ts';
import { toMillis, toSeconds } from '../clock.ts';
import type { Seconds } from '../clock.ts';
import { SCOPE } from '../clients/policy.ts';
import { dialectOf } from '../dialects/dialects.ts';
import type { Grant } from '../grants/grant.ts';
import type { ImportedGrant } from '../grants/imported-grant.ts';
import {
  digestImportedToken,
  importedGrantId,
  IMPORTED_DIGEST_BYTES,
  IMPORTED_TOKEN_MAX_CHARACTERS,
} from '../tokens/imported-token.ts';
import type { ImportFault } from './fault.ts';
import type { Fields } from './records.ts';
import { refuse, RowFault } from './row-fault.ts';
import { isAbsent, isText } from './row-text.ts';
import { parseVehicles } from './row-vehicles.ts';

/** What a row is parsed with. */
export type RowContext = {
  /** Answers `undefined` for an unknown client. */
  readonly clientOf: (id: string) => Client | undefined;
  /** Integer milliseconds. */
  readonly nowMs: number;
  /** The key that would seal the grant's tokens. */
  readonly keyNumber: number;
};

/** A row that can be imported. */
export type ImportRow = ImportedGrant & {
  /** Whether the token expires earlier than before, because of the policy of its client. */
  readonly isShortened: boolean;
};

const TOKEN = /^[\x20-\x7e]+$/;
const HEX = /^[0-9a-fA-F]{64}$/;
const BASE64URL = /^[A-Za-z0-9_-]{43}=?$/;
const DATE_TIME = /^\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:\d\d)$/;

/** Parses one row, or answers what is wrong with it. */
export const parseRow = (
  fields: Fields,
  context: RowContext,
): ImportRow | { readonly fault: ImportFault } => {
  try {
    return toImportRow(fields, context);
  } catch (error) {
    if (error instanceof RowFault) return { fault: error.fault };
    throw error;
  }
};

/** The id of the client of a row, which is looked up before the row is parsed. */
export const clientIdOf = ({ client }: Fields): string | undefined =>
  typeof client === 'string' && client !== '' ? client : undefined;

const toImportRow = (fields: Fields, { clientOf, nowMs, keyNumber }: RowContext): ImportRow => {
  const clientId = clientIdOf(fields) ?? refuse('client_missing');
  const client = clientOf(clientId) ?? refuse('client_unknown');
  if (client.type === 'resource-server') refuse('client_not_permitted');
  const subject = parseSubject(fields.subject);
  const scope = parseScope(fields.scope);
  const brand = parseBrand(fields.brand, client);
  const digest = parseDigest(fields);
  const now = toSeconds(nowMs);
  const expiresAt = parseTime(fields.expires_at, 'expires_at_malformed') ?? refuse('expires_at_missing');
  if (expiresAt <= now) refuse('expired');
  const createdAt = parseTime(fields.created_at, 'created_at_malformed') ?? now;
  if (createdAt > now) refuse('created_at_later');
  const { grantLifetimeSeconds, refreshTokenLifetimeSeconds: lifetime } = client.policy;
  if (grantLifetimeSeconds !== null && createdAt + grantLifetimeSeconds <= now) refuse('grant_expired');
  // The lifetime of a token counts from its issuance, so this is the issuance that makes it expire at the right time.
  const issuedAt = Math.min(expiresAt - lifetime, now);
  const grant: Grant = {
    id: importedGrantId(digest),
    clientId,
    subject,
    scope,
    brand,
    createdAtMs: toMillis(createdAt),
    generation: 0,
    keyNumber,
    rotatedAtMs: [toMillis(issuedAt)],
    rotatedBy: undefined,
    useDigest: undefined,
    revocation: undefined,
  };
  const vehicles = parseVehicles(fields.vehicles);
  return {
    grant,
    digest,
    expiresAtMs: toMillis(expiresAt),
    vehicles,
    isShortened: issuedAt + lifetime < expiresAt,
  };
};

const parseSubject = (value: unknown): string => {
  if (isAbsent(value)) return refuse('subject_missing');
  return isText(value) ? value : refuse('subject_malformed');
};

const parseScope = (value: unknown): string => {
  if (isAbsent(value)) return '';
  return isText(value) && SCOPE.test(value) ? value : refuse('scope_malformed');
};

const parseBrand = (value: unknown, client: Client): string | undefined => {
  if (isAbsent(value)) return undefined;
  const { brands } = dialectOf(client);
  if (brands.length === 0) refuse('brand_unsupported');
  const name = typeof value === 'string' ? value.toLowerCase() : '';
  return brands.find((brand) => brand === name) ?? refuse('brand_unknown');
};

const parseDigest = ({ refresh_token: token, refresh_token_sha256: sha256 }: Fields): Buffer => {
  if (isAbsent(token) && isAbsent(sha256)) return refuse('token_missing');
  if (!isAbsent(token) && !isAbsent(sha256)) return refuse('token_twice');
  if (isAbsent(sha256)) {
    if (typeof token !== 'string' || token.length > IMPORTED_TOKEN_MAX_CHARACTERS || !TOKEN.test(token))
      return refuse('token_malformed');
    return digestImportedToken(token);
  }
  if (typeof sha256 !== 'string') return refuse('digest_malformed');
  const encoding = HEX.test(sha256)
    ? 'hex'
    : BASE64URL.test(sha256)
      ? 'base64url'
      : refuse('digest_malformed');
  const digest = Buffer.from(sha256, encoding);
  return digest.length === IMPORTED_DIGEST_BYTES ? digest : refuse('digest_malformed');
};

/** `undefined` if the member is missing. */
const parseTime = (value: unknown, fault: ImportFault): Seconds | undefined => {
  if (isAbsent(value)) return undefined;
  const text = typeof value === 'number' || typeof value === 'string' ? String(value) : refuse(fault);
  // Twelve digits would be milliseconds.
  if (/^\d{1,11}$/.test(text)) return Number(text);
  const atMs = DATE_TIME.test(text) && isDay(text) ? Date.parse(text.replace(' ', 'T')) : Number.NaN;
  return Number.isNaN(atMs) || atMs < 0 ? refuse(fault) : Math.floor(atMs / 1000);
};

/** Whether the day exists in its month: `Date.parse` reads the 31st of February as the 3rd of March. */
const isDay = (text: string): boolean => {
  const day = text.slice(0, 'YYYY-MM-DD'.length);
  const midnight = new Date(`${day}T00:00:00Z`);
  return !Number.isNaN(midnight.getTime()) && midnight.toISOString().startsWith(day);
};
