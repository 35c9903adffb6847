import type { DatabaseSync, SQLInputValue, SQLOutputValue } from 'node:sqlite';
import { CLIENT_TYPES } from '../../clients/client.ts';
import type { Client, ClientSecret } from '../../clients/client.ts';
import { readKeys } from '../../clients/client-keys.ts';
import { ON_REPLAY } from '../../clients/policy.ts';
import type { Policy } from '../../clients/policy.ts';
import { EMPTY_PROFILE, readProfile } from '../../clients/profile.ts';
import { readRegistration } from '../../clients/registration.ts';
import { StoreError } from '../../errors.ts';
import type { Caller } from '../../log-event.ts';
import { REVOCATION_CAUSES } from '../../grants/grant.ts';
import type { CurrentGrant, Grant, Revocation } from '../../grants/grant.ts';
import type { ReplayRecord } from '../../grants/replay.ts';
import { readVehicleData } from '../../grants/vehicle-data.ts';
import { readGrantId } from '../../tokens/grant-id.ts';
import type { GrantId } from '../../tokens/grant-id.ts';
import { readPolicyText } from '../policy-text.ts';
import { NEWEST_BYTES, PACKED_BYTES, unpackRotations } from './packed-rotations.ts';

export type Row = Record<string, SQLOutputValue>;

/** A row as its values, in the order of the columns asked for. */
export type Values = readonly SQLOutputValue[];

/** Prepares a statement that answers `Values`: objects with named columns cost too much on the hot path. */
export const prepareValues = (
  database: DatabaseSync,
  sql: string,
): {
  get(...parameters: readonly SQLInputValue[]): Values | undefined;
  all(...parameters: readonly SQLInputValue[]): readonly Values[];
} => {
  const statement = database.prepare(sql);
  statement.setReturnArrays(true);
  // Node's types know rows as objects only.
  return statement as unknown as ReturnType<typeof prepareValues>;
};

/** The caller with a number. */
type CallerOf = (number: unknown) => Caller | undefined;

/** What the numbers in the row of a grant stand for. */
type Names = {
  clientIdOf(number: unknown): string;
  scopeOf(number: unknown): string;
  callerOf: CallerOf;
};

/** SQL for the id of a grant in 16 hexadecimal digits, because a JavaScript number cannot hold 64 bits. */
export const GRANT_ID_TEXT = (column: string): string => `printf('%016x', ${column})`;

/** The range of a grant's id, a signed 64-bit integer. */
export const ID_MIN = -(2n ** 63n);
export const ID_MAX = 2n ** 63n - 1n;

/** The columns that `toGrant` reads, of the table `grants`. */
export const GRANT_COLUMNS = `client_number, subject, scope_number, brand, created_at_ms, generation, key_number, rotations, rotated_by,
  use_digest, revoked_at_ms, revocation_cause, vehicle_data`;

/** A grant from the values of `GRANT_COLUMNS`. */
export const toGrant = (values: Values, id: GrantId, names: Names): Grant => ({
  id,
  clientId: names.clientIdOf(values[0]),
  subject: String(values[1]),
  scope: names.scopeOf(values[2]),
  brand: toOptionalText(values[3]),
  createdAtMs: Number(values[4]),
  generation: Number(values[5]),
  keyNumber: Number(values[6]),
  rotatedAtMs: unpackRotations(values[7]),
  rotatedBy: names.callerOf(values[8]),
  useDigest: values[9] instanceof Uint8Array ? values[9] : undefined,
  revocation: toRevocation(values[10], values[11]),
  ...toVehicleData(values[12], 'grants.vehicle_data'),
});

/** Absent where the client asked for scopes alone. */
export const toVehicleData = (
  text: SQLOutputValue | undefined,
  column: string,
): Pick<Grant, 'vehicleData'> =>
  text === null || text === undefined
    ? {}
    : { vehicleData: readVehicleData(String(text)) ?? damaged(column) };

/**
 * The columns that `toCurrentGrant` reads, of the table `grants`: all that judges the current token. The newest moment is the first
 * bytes of its history, in hexadecimal digits: a BLOB costs as much as all else.
 */
export const CURRENT_COLUMNS = `client_number, subject, scope_number, brand, created_at_ms, generation, key_number,
  CASE WHEN revoked_at_ms IS NULL AND vehicle_data IS NULL AND length(rotations) = ${PACKED_BYTES} THEN hex(substr(rotations, 1, ${NEWEST_BYTES})) END`;

/**
 * What judges the current token of a grant, from the values of `CURRENT_COLUMNS`; `undefined` before its first rotation, once it is
 * revoked, and where it is for vehicle data.
 */
export const toCurrentGrant = (values: Values, id: GrantId, names: Names): CurrentGrant | undefined => {
  const newest = values[7];
  if (typeof newest !== 'string') return undefined;
  return {
    id,
    clientId: names.clientIdOf(values[0]),
    subject: String(values[1]),
    scope: names.scopeOf(values[2]),
    brand: toOptionalText(values[3]),
    createdAtMs: Number(values[4]),
    generation: Number(values[5]),
    keyNumber: Number(values[6]),
    rotatedAtMs: [Number.parseInt(newest, 16)],
    revocation: undefined,
  };
};

const toRevocation = (
  atMs: SQLOutputValue | undefined,
  cause: SQLOutputValue | undefined,
): Revocation | undefined =>
  atMs === null
    ? undefined
    : {
        atMs: Number(atMs),
        cause: REVOCATION_CAUSES.find((name) => name === cause) ?? damaged('grants.revocation_cause'),
      };

/** The id of a grant from its 16 hexadecimal digits. */
export const toGrantId = (value: SQLOutputValue | undefined): GrantId =>
  readGrantId(String(value)) ?? damaged('grants.id');

export const toReplay = (row: Row, callerOf: CallerOf): ReplayRecord => ({
  times: Number(row['times']),
  atMs: Number(row['at_ms']),
  generation: Number(row['generation']),
  gap: Number(row['gap']),
  sinceRotationMs: toOptionalNumber(row['since_rotation_ms']),
  response: ON_REPLAY.find((name) => name === row['response']) ?? damaged('replays.response'),
  looksLike: row['looks_like'] === 'lost_answer' ? 'lost_answer' : 'theft',
  caller: callerOf(row['caller']),
  rotatedBy: callerOf(row['rotated_by']),
});

export const toClient = (row: Row, secrets: readonly ClientSecret[]): Client => ({
  id: String(row['id']),
  dialect: String(row['dialect']),
  type: CLIENT_TYPES.find((name) => name === row['type']) ?? damaged('clients.type'),
  redirectUris: toTexts(row['redirect_uris'], 'clients.redirect_uris'),
  consentRedirectUri: toOptionalText(row['consent_redirect_uri']),
  ...toProfile(String(row['profile'])),
  name: String(row['name']),
  policy: toPolicy(String(row['policy'])),
  ...readKeys(toOptionalText(row['client_keys'])),
  ...(readRegistration(toOptionalText(row['registration'])) ?? damaged('clients.registration')),
  createdAtMs: Number(row['created_at_ms']),
  disabledAtMs: toOptionalNumber(row['disabled_at_ms']),
  secrets,
  ...(Number(row['has_imported_tokens']) === 1 ? { hasImportedTokens: true } : {}),
});

export const toSecret = (row: Row): ClientSecret => ({
  id: String(row['id']),
  name: String(row['name']),
  digest: row['digest'] instanceof Uint8Array ? row['digest'] : damaged('client_secrets.digest'),
  createdAtMs: Number(row['created_at_ms']),
  expiresAtMs: toOptionalNumber(row['expires_at_ms']),
  lastUsedAtMs: toOptionalNumber(row['last_used_at_ms']),
});

/** A profile that says nothing is absent. */
const toProfile = (text: string): Pick<Client, 'profile'> =>
  text === EMPTY_PROFILE ? {} : { profile: readProfile(text) };

const toPolicy = (text: string): Policy => readPolicyText(text) ?? damaged('clients.policy');

/** The texts of a JSON array. */
export const toTexts = (value: SQLOutputValue | undefined, column: string): readonly string[] => {
  const texts: unknown = JSON.parse(String(value));
  return Array.isArray(texts) ? texts.map(String) : damaged(column);
};

export const toOptionalNumber = (value: SQLOutputValue | undefined): number | undefined =>
  value === null || value === undefined ? undefined : Number(value);

export const toOptionalText = (value: SQLOutputValue | undefined): string | undefined =>
  value === null || value === undefined ? undefined : String(value);

export const damaged = (column: string): never => {
  throw new StoreError('unavailable', `a value in ${column} is not one that keyfob writes`);
};
