import type { Client } from '../clients/client.ts';
import { SCOPE } from '../clients/policy.ts';
import { dialectOf } from '../dialects/dialects.ts';
import type { Grant } from '../grants/grant.ts';
import type { ImportedGrant } from '../grants/imported-grant.ts';
import { POWERTRAINS } from '../grants/vehicle.ts';
import type { Vehicle } from '../grants/vehicle.ts';
import {
  digestImportedToken,
  importedGrantId,
  IMPORTED_DIGEST_BYTES,
  IMPORTED_TOKEN_MAX_CHARACTERS,
} from '../tokens/imported-token.ts';
import { isUuid } from '../tokens/shape.ts';
import type { Fault } from './fault.ts';
import type { Fields } from './records.ts';

/** What a row is understood with. */
export type RowSetting = {
  /** The client of this id; `undefined` for none. */
  readonly clientOf: (id: string) => Client | undefined;
  /** Integer milliseconds. */
  readonly nowMs: number;
  /** The key that would seal the grant's tokens. */
  readonly keyNumber: number;
};

/** A row that can be imported. */
export type ImportRow = ImportedGrant & {
  /** Whether the token ends sooner here than where it came from, because of the policy of its client. */
  readonly isShortened: boolean;
};

const TEXT_MAX_CHARACTERS = 1024;
const VEHICLES_MAX = 100;
const TOKEN = /^[\x20-\x7e]+$/;
const HEX = /^[0-9a-fA-F]{64}$/;
const BASE64URL = /^[A-Za-z0-9_-]{43}=?$/;
const DATE_TIME = /^\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:\d\d)$/;
// oxlint-disable-next-line no-control-regex
const CONTROL = /[\u0000-\u001f\u007f-\u009f]/;

/** Thrown within a row, and caught where the row is read. */
class RowFault extends Error {
  readonly fault: Fault;

  constructor(fault: Fault) {
    super(fault);
    this.fault = fault;
  }
}

const refuse = (fault: Fault): never => {
  throw new RowFault(fault);
};

/** Understands one row, or says what is wrong with it. */
export const readRow = (fields: Fields, setting: RowSetting): ImportRow | { readonly fault: Fault } => {
  try {
    return understand(fields, setting);
  } catch (error) {
    if (error instanceof RowFault) return { fault: error.fault };
    throw error;
  }
};

/** The id of the client that a row names, to be looked up before the row is read. */
export const clientIdOf = ({ client }: Fields): string | undefined =>
  typeof client === 'string' && client !== '' ? client : undefined;

const understand = (fields: Fields, { clientOf, nowMs, keyNumber }: RowSetting): ImportRow => {
  const clientId = clientIdOf(fields) ?? refuse('client_missing');
  const client = clientOf(clientId) ?? refuse('client_unknown');
  if (client.type === 'resource-server') refuse('client_not_permitted');
  const subject = readSubject(fields.subject);
  const scope = readScope(fields.scope);
  const brand = readBrand(fields.brand, client);
  const digest = readDigest(fields);
  const now = Math.floor(nowMs / 1000);
  const expiresAt = readTime(fields.expires_at, 'expires_at_malformed') ?? refuse('expires_at_missing');
  if (expiresAt <= now) refuse('expired');
  const createdAt = readTime(fields.created_at, 'created_at_malformed') ?? now;
  if (createdAt > now) refuse('created_at_later');
  const { grantLifetimeSeconds, refreshTokenLifetimeSeconds: lifetime } = client.policy;
  if (grantLifetimeSeconds !== null && createdAt + grantLifetimeSeconds <= now) refuse('grant_expired');
  // The verdict counts the life of a token from its issuance: from when it would have to be ours to end when it does.
  const issuedAt = Math.min(expiresAt - lifetime, now);
  const grant: Grant = {
    id: importedGrantId(digest),
    clientId,
    subject,
    scope,
    brand,
    createdAt,
    generation: 0,
    keyNumber,
    rotatedAtMs: [issuedAt * 1000],
    rotatedBy: undefined,
    useDigest: undefined,
    revocation: undefined,
  };
  const vehicles = readVehicles(fields.vehicles);
  return { grant, digest, expiresAt, vehicles, isShortened: issuedAt + lifetime < expiresAt };
};

const isAbsent = (value: unknown): boolean => value === undefined || value === null || value === '';

const readSubject = (value: unknown): string => {
  if (isAbsent(value)) return refuse('subject_missing');
  return isText(value) ? value : refuse('subject_malformed');
};

const isText = (value: unknown): value is string =>
  typeof value === 'string' && value.length <= TEXT_MAX_CHARACTERS && !CONTROL.test(value);

const readScope = (value: unknown): string => {
  if (isAbsent(value)) return '';
  return isText(value) && SCOPE.test(value) ? value : refuse('scope_malformed');
};

const readBrand = (value: unknown, client: Client): string | undefined => {
  if (isAbsent(value)) return undefined;
  const { brands } = dialectOf(client);
  if (brands.length === 0) refuse('brand_unsupported');
  const name = typeof value === 'string' ? value.toLowerCase() : '';
  return brands.find((brand) => brand === name) ?? refuse('brand_unknown');
};

const readDigest = ({ refresh_token: token, refresh_token_sha256: sha256 }: Fields): Buffer => {
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

/** Integer seconds; `undefined` where there is none. */
const readTime = (value: unknown, fault: Fault): number | undefined => {
  if (isAbsent(value)) return undefined;
  const text = typeof value === 'number' || typeof value === 'string' ? String(value) : refuse(fault);
  // Twelve digits would be milliseconds.
  if (/^\d{1,11}$/.test(text)) return Number(text);
  const atMs = DATE_TIME.test(text) && isDay(text) ? Date.parse(text.replace(' ', 'T')) : Number.NaN;
  return Number.isNaN(atMs) || atMs < 0 ? refuse(fault) : Math.floor(atMs / 1000);
};

/** Whether a date has a day that its month has: `Date.parse` takes the 31st of February for the 3rd of March. */
const isDay = (text: string): boolean => {
  const day = text.slice(0, 'YYYY-MM-DD'.length);
  const midnight = new Date(`${day}T00:00:00Z`);
  return !Number.isNaN(midnight.getTime()) && midnight.toISOString().startsWith(day);
};

/** An array, or in a CSV file its text. */
const readVehicles = (value: unknown): readonly Vehicle[] => {
  if (isAbsent(value)) return [];
  const list = typeof value === 'string' ? parseJson(value) : value;
  if (!Array.isArray(list) || list.length > VEHICLES_MAX) return refuse('vehicles_malformed');
  const vehicles = list.map(readVehicle);
  const isTwice = new Set(vehicles.map(({ id }) => id)).size < vehicles.length;
  return isTwice ? refuse('vehicles_malformed') : vehicles;
};

const parseJson = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return refuse('vehicles_malformed');
  }
};

const readVehicle = (value: unknown): Vehicle => {
  if (typeof value !== 'object' || value === null) return refuse('vehicles_malformed');
  const {
    id,
    vin,
    make,
    model,
    year,
    nickname = '',
    powertrain = 'UNKNOWN',
  } = value as Record<string, unknown>;
  const drive = POWERTRAINS.find((one) => one === powertrain);
  const isYear = typeof year === 'number' && Number.isInteger(year) && year >= 1886 && year <= 9999;
  const isNamed = [vin, make, model].every((name) => isText(name) && name !== '');
  if (
    typeof id !== 'string' ||
    !isUuid(id) ||
    !isYear ||
    !isNamed ||
    !isText(nickname) ||
    drive === undefined
  )
    return refuse('vehicles_malformed');
  const names = { vin: String(vin), make: String(make).toLowerCase(), model: String(model) };
  return { id, ...names, year, nickname, powertrain: drive };
};
