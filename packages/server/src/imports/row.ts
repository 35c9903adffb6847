import type { Client } from '../clients/client.ts';
import { earliestMsOf, toMillis, toSeconds } from '../clock.ts';
import type { Now } from '../clock.ts';
import { SCOPE } from '../clients/policy.ts';
import { findScopeFault } from '../clients/scopes.ts';
import type { ScopeRegistry } from '../clients/scopes.ts';
import { dialectOf } from '../dialects/dialects.ts';
import type { Grant } from '../grants/grant.ts';
import type { ImportedGrant } from '../grants/imported-grant.ts';
import {
  digestImportedToken,
  importedGrantId,
  IMPORTED_DIGEST_BYTES,
  IMPORTED_TOKEN_MAX_CHARACTERS,
} from '../tokens/imported-token.ts';
import type { Fields } from './records.ts';
import { findHashedPlaceholder, findPlaceholder } from './placeholder.ts';
import { refuse, RowFault } from './row-fault.ts';
import type { FaultOfRow } from './row-fault.ts';
import { isAbsent, isText } from './row-text.ts';
import { parseTime } from './row-time.ts';
import { parseVehicles } from './row-vehicles.ts';

/** What a row is parsed with. */
export type RowContext = Now & {
  /** Answers `undefined` for an unknown client. */
  readonly clientOf: (id: string) => Client | undefined;
  /** What the clients may have. */
  readonly scopes: ScopeRegistry;
  /** The key that would seal the grant's tokens. */
  readonly keyNumber: number;
};

/** A row that can be imported. */
export type ImportRow = ImportedGrant & {
  /** Whether the token expires earlier than before, because of the policy of its client. */
  readonly isShortened: boolean;
  /** Whether one of its times names no zone, so that it is read as UTC. */
  readonly isWithoutZone: boolean;
};

const TOKEN = /^[\x20-\x7e]+$/;
const HEX = /^[0-9a-fA-F]{64}$/;
const BASE64URL = /^[A-Za-z0-9_-]{43}=?$/;

/** Parses one row, or answers what is wrong with it. */
export const parseRow = (fields: Fields, context: RowContext): ImportRow | FaultOfRow => {
  try {
    return toImportRow(fields, context);
  } catch (error) {
    if (error instanceof RowFault) return error.found;
    throw error;
  }
};

/** The id of the client of a row, which is looked up before the row is parsed. */
export const clientIdOf = ({ client }: Fields): string | undefined =>
  typeof client === 'string' && client !== '' ? client : undefined;

const toImportRow = (fields: Fields, context: RowContext): ImportRow => {
  const { clientOf, scopes, nowMs, keyNumber } = context;
  const placeholder = findPlaceholder(fields);
  if (placeholder !== undefined) refuse('placeholder', { detail: placeholder });
  const clientId = clientIdOf(fields) ?? refuse('client_missing');
  const client = clientOf(clientId) ?? refuse('client_unknown');
  if (client.type === 'resource-server') refuse('client_not_permitted');
  const subject = parseSubject(fields.subject);
  const scope = parseScope(fields.scope, client, scopes);
  const brand = parseBrand(fields.brand, client);
  const digest = parseDigest(fields);
  const now = toSeconds(nowMs);
  // What only a doubt about the clock has ended is imported: whether it works is judged when it is used.
  const earliest = toSeconds(earliestMsOf(context));
  const expiry = parseTime(fields.expires_at, 'expires_at') ?? refuse('expires_at_missing');
  const creation = parseTime(fields.created_at, 'created_at');
  const expiresAt = toSeconds(expiry.atMs);
  if (expiresAt <= earliest) refuse('expired');
  const createdAt = creation === undefined ? now : toSeconds(creation.atMs);
  if (createdAt > now) refuse('created_at_later');
  const { grantLifetimeSeconds, refreshTokenLifetimeSeconds: lifetime } = client.policy;
  if (grantLifetimeSeconds !== null && createdAt + grantLifetimeSeconds <= earliest) refuse('grant_expired');
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
    isWithoutZone: [expiry, creation].some((time) => time?.hasZone === false),
  };
};

const parseSubject = (value: unknown): string => {
  if (isAbsent(value)) return refuse('subject_missing');
  return isText(value) ? value : refuse('subject_malformed');
};

const parseScope = (value: unknown, client: Client, scopes: ScopeRegistry): string => {
  if (isAbsent(value)) return '';
  if (!isText(value) || !SCOPE.test(value)) return refuse('scope_malformed');
  const fault = findScopeFault(scopes, client, value);
  return fault === undefined ? value : refuse(fault.reason);
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
  if (digest.length !== IMPORTED_DIGEST_BYTES) return refuse('digest_malformed');
  const hashed = findHashedPlaceholder(digest);
  return hashed === undefined ? digest : refuse('placeholder', { detail: hashed });
};
