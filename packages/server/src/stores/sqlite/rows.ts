import type { SQLOutputValue } from 'node:sqlite';
import { DIALECT_NAMES } from '../../clients/client.ts';
import type { Client, ClientSecret } from '../../clients/client.ts';
import { ON_REPLAY, parsePolicy } from '../../clients/policy.ts';
import type { Policy } from '../../clients/policy.ts';
import { StoreError } from '../../errors.ts';
import type { Caller } from '../../events.ts';
import { BRANDS } from '../../grants/grant.ts';
import type { Grant } from '../../grants/grant.ts';
import type { RotationHistory } from '../../grants/rotation-history.ts';
import type { ReplayRecord } from '../../grants/replay.ts';
import type { RegisteredKey } from '../../grants/store.ts';
import { readGrantId } from '../../tokens/grant-id.ts';
import type { GrantId } from '../../tokens/grant-id.ts';

export type Row = Record<string, SQLOutputValue>;

const MOMENT_BYTES = 6;

/** Six bytes a moment, oldest first; `null` for a grant never refreshed. */
export const packMoments = (moments: RotationHistory): Uint8Array | null => {
  if (moments.length === 0) return null;
  const bytes = Buffer.alloc(moments.length * MOMENT_BYTES);
  moments.forEach((moment, index) => bytes.writeUIntBE(moment, index * MOMENT_BYTES, MOMENT_BYTES));
  return bytes;
};

const unpackMoments = (value: SQLOutputValue | undefined): RotationHistory => {
  if (!(value instanceof Uint8Array)) return [];
  const bytes = Buffer.from(value.buffer, value.byteOffset, value.byteLength);
  const moments: number[] = [];
  for (let at = 0; at < bytes.length; at += MOMENT_BYTES) moments.push(bytes.readUIntBE(at, MOMENT_BYTES));
  return moments;
};

/** Finds a caller by its number. */
type CallerOf = (number: unknown) => Caller | undefined;

/** The id of a grant from its row with `grant_id` in hexadecimal. */
export const toGrantId = (row: Row): GrantId => readGrantId(String(row['grant_id'])) ?? damaged('grants.id');

/** A grant from its row with `client_id` from its client. */
export const toGrant = (row: Row, id: GrantId, callerOf: CallerOf): Grant => ({
  id,
  clientId: String(row['client_id']),
  subject: String(row['subject']),
  scope: String(row['scope']),
  brand:
    row['brand'] === null
      ? undefined
      : (BRANDS.find((brand) => brand === row['brand']) ?? damaged('grants.brand')),
  createdAt: Number(row['created_at']),
  generation: Number(row['generation']),
  keyNumber: Number(row['key_number']),
  rotatedAtMs: unpackMoments(row['rotated_at_ms']),
  rotatedBy: callerOf(row['caller']),
  useDigest: row['use_digest'] instanceof Uint8Array ? row['use_digest'] : undefined,
  revocation:
    row['revoked_at'] === null
      ? undefined
      : {
          at: Number(row['revoked_at']),
          cause: row['revocation_cause'] === 'replay' ? 'replay' : 'operator',
        },
});

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
  dialect: DIALECT_NAMES.find((name) => name === row['dialect']) ?? damaged('clients.dialect'),
  name: String(row['name']),
  policy: toPolicy(String(row['policy'])),
  createdAt: Number(row['created_at']),
  disabledAt: toOptionalNumber(row['disabled_at']),
  secrets,
});

export const toSecret = (row: Row): ClientSecret => ({
  id: String(row['id']),
  name: String(row['name']),
  digest: row['digest'] instanceof Uint8Array ? row['digest'] : damaged('client_secrets.digest'),
  createdAt: Number(row['created_at']),
  expiresAt: toOptionalNumber(row['expires_at']),
});

export const toKey = (row: Row): RegisteredKey => ({
  number: Number(row['number']),
  createdAt: Number(row['created_at']),
  fingerprint: String(row['fingerprint']),
});

const toPolicy = (text: string): Policy => {
  const parsed = parsePolicy(JSON.parse(text) as Record<string, unknown>);
  return 'policy' in parsed ? parsed.policy : damaged('clients.policy');
};

const toOptionalNumber = (value: SQLOutputValue | undefined): number | undefined =>
  value === null || value === undefined ? undefined : Number(value);

const damaged = (column: string): never => {
  throw new StoreError('unavailable', `a value in ${column} is none that keyfob writes`);
};
