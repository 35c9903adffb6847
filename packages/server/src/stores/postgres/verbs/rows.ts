import { CLIENT_TYPES } from '../../../clients/client.ts';
import type { Client } from '../../../clients/client.ts';
import { readKeys } from '../../../clients/client-keys.ts';
import type { Policy } from '../../../clients/policy.ts';
import { EMPTY_PROFILE, readProfile } from '../../../clients/profile.ts';
import { readRegistration } from '../../../clients/registration.ts';
import { StoreError } from '../../../errors.ts';
import type { Caller } from '../../../log-event.ts';
import { REVOCATION_CAUSES } from '../../../grants/grant.ts';
import type { Grant, Revocation } from '../../../grants/grant.ts';
import { readVehicleData } from '../../../grants/vehicle-data.ts';
import { packHistory, unpackHistory } from '../../copy/packed-history.ts';
import { readSecrets } from '../../copy/row-form.ts';
import { readPolicyText } from '../../policy-text.ts';
import type { Row, Value } from '../connection/transaction.ts';

/** The columns of a grant, of the table `grants AS g`. */
export const GRANT_COLUMNS = `g.id, g.client_id, g.subject, g.scope, g.brand, g.created_at_ms, g.generation, g.key_number,
  g.rotated_at_ms, g.earlier_rotations, g.caller_address, g.caller_user_agent, g.use_digest, g.revoked_at_ms, g.revocation_cause,
  g.vehicle_data`;

/** A grant from the values of `GRANT_COLUMNS`. */
export const toGrant = (row: Row): Grant => ({
  id: BigInt(String(row['id'])),
  clientId: String(row['client_id']),
  subject: String(row['subject']),
  scope: String(row['scope']),
  brand: toText(row['brand']),
  createdAtMs: Number(row['created_at_ms']),
  generation: Number(row['generation']),
  keyNumber: Number(row['key_number']),
  rotatedAtMs: unpackHistory({
    rotatedAtMs: toNumber(row['rotated_at_ms']) ?? null,
    earlier: row['earlier_rotations'] as Buffer,
  }),
  rotatedBy: toCaller(row['caller_address'], row['caller_user_agent']),
  useDigest: toBytes(row['use_digest']),
  revocation: toRevocation(row['revoked_at_ms'], row['revocation_cause']),
  ...toVehicleData(row['vehicle_data'], 'grants.vehicle_data'),
});

/** Absent where the client asked for scopes alone. */
export const toVehicleData = (text: Value, column: string): Pick<Grant, 'vehicleData'> =>
  text === null || text === undefined
    ? {}
    : { vehicleData: readVehicleData(String(text)) ?? damaged(column) };

/** The values of a grant that a refresh changes, in the order generation, key, moments, caller, use. */
export const rotationValues = (grant: Grant): readonly unknown[] => {
  const { rotatedAtMs, earlier } = packHistory(grant.rotatedAtMs);
  const { address = null, userAgent = null } = grant.rotatedBy ?? {};
  return [
    grant.generation,
    grant.keyNumber,
    rotatedAtMs,
    earlier,
    address,
    userAgent,
    grant.useDigest ?? null,
  ];
};

const toRevocation = (atMs: Value, cause: Value): Revocation | undefined =>
  atMs === null
    ? undefined
    : {
        atMs: Number(atMs),
        cause: REVOCATION_CAUSES.find((name) => name === cause) ?? damaged('grants.revocation_cause'),
      };

export const toCaller = (address: Value, userAgent: Value): Caller | undefined =>
  address === null ? undefined : { address: String(address), userAgent: String(userAgent) };

export const toClient = (row: Row): Client => ({
  id: String(row['id']),
  dialect: String(row['dialect']),
  type: CLIENT_TYPES.find((name) => name === row['type']) ?? damaged('clients.type'),
  redirectUris: toTexts(row['redirect_uris'], 'clients.redirect_uris'),
  consentRedirectUri: toText(row['consent_redirect_uri']),
  ...toProfile(String(row['profile'])),
  name: String(row['name']),
  policy: toPolicy(String(row['policy'])),
  ...readKeys(toText(row['client_keys'])),
  ...(readRegistration(toText(row['registration'])) ?? damaged('clients.registration')),
  createdAtMs: Number(row['created_at_ms']),
  disabledAtMs: toNumber(row['disabled_at_ms']),
  secrets: readSecrets(row['secrets']),
  ...(row['has_imported_tokens'] === true ? { hasImportedTokens: true } : {}),
});

/** A profile that says nothing is absent. */
const toProfile = (text: string): Pick<Client, 'profile'> =>
  text === EMPTY_PROFILE ? {} : { profile: readProfile(text) };

const toPolicy = (text: string): Policy => readPolicyText(text) ?? damaged('clients.policy');

/** The texts of a JSON array. */
export const toTexts = (value: Value, column: string): readonly string[] => {
  const texts: unknown = JSON.parse(String(value));
  return Array.isArray(texts) ? texts.map(String) : damaged(column);
};

export const toNumber = (value: Value): number | undefined =>
  value === null || value === undefined ? undefined : Number(value);

export const toText = (value: Value): string | undefined =>
  value === null || value === undefined ? undefined : String(value);

export const toBytes = (value: Value): Uint8Array | undefined =>
  value instanceof Uint8Array ? Uint8Array.from(value) : undefined;

export const damaged = (column: string): never => {
  throw new StoreError('unavailable', `keyfob did not write the value in ${column}`);
};

/** PostgreSQL stores every character but NUL in a text, so nothing is found by a text that has one. */
export const canBeText = (text: string): boolean => !text.includes('\0');
