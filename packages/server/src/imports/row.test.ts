import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Client } from '../clients/client.ts';
import { createDialectScopes } from '../dialects/dialects.ts';
import { pleos } from '../dialects/pleos/pleos.ts';
import { smartcar } from '../dialects/smartcar/smartcar.ts';
import { digestImportedToken, importedGrantId } from '../tokens/imported-token.ts';
import type { ImportFault } from './fault.ts';
import type { Fields } from './records.ts';
import { parseRow } from './row.ts';

const NOW = 1_750_000_000;
const DAY = 86_400;
const TOKEN = 'an old refresh token / of any form';
const DIGEST = digestImportedToken(TOKEN);

const client = (more: Partial<Client>): Client => ({
  id: 'smart',
  dialect: 'smartcar',
  type: 'confidential',
  name: 'Charge planner',
  redirectUris: [],
  consentRedirectUri: undefined,
  policy: smartcar.defaultPolicy,
  createdAtMs: NOW * 1000,
  disabledAtMs: undefined,
  secrets: [],
  ...more,
});

const CLIENTS = new Map(
  [
    client({}),
    client({ id: 'pleos', dialect: 'pleos', policy: pleos.defaultPolicy }),
    client({ id: 'server', type: 'resource-server' }),
    client({ id: 'short', policy: { ...smartcar.defaultPolicy, grantLifetimeSeconds: 10 * DAY } }),
  ].map((one) => [one.id, one]),
);

const context = {
  clientOf: (id: string) => CLIENTS.get(id),
  scopes: createDialectScopes(),
  nowMs: NOW * 1000 + 500,
  doubt: undefined,
  keyNumber: 3,
};
const GOOD: Fields = {
  client: 'smart',
  subject: 'owner-1',
  refresh_token: TOKEN,
  expires_at: NOW + 30 * DAY,
};
const read = (more: Record<string, unknown>) => parseRow({ ...GOOD, ...more }, context);

const VEHICLE = {
  id: '00000000-0000-4000-8000-000000000001',
  vin: 'KMHTEST0000000001',
  make: 'Hyundai',
  model: 'IONIQ 5',
  year: 2024,
};

void test('a row becomes a grant at generation 0 whose token keeps its expiry', () => {
  assert.deepEqual(read({ scope: 'read_odometer read_charge' }), {
    grant: {
      id: importedGrantId(DIGEST),
      clientId: 'smart',
      subject: 'owner-1',
      scope: 'read_odometer read_charge',
      brand: undefined,
      createdAtMs: NOW * 1000,
      generation: 0,
      keyNumber: 3,
      rotatedAtMs: [(NOW + 30 * DAY - 60 * DAY) * 1000],
      rotatedBy: undefined,
      useDigest: undefined,
      revocation: undefined,
    },
    digest: DIGEST,
    expiresAtMs: (NOW + 30 * DAY) * 1000,
    vehicles: [],
    isShortened: false,
    isWithoutZone: false,
  });
});

const imported = (more: Record<string, unknown>) => {
  const row = read(more);
  assert.ok(!('fault' in row));
  return row;
};

void test('a token that would outlive the tokens of its client is shortened', () => {
  assert.equal(imported({ expires_at: NOW + 60 * DAY }).isShortened, false);
  const longer = imported({ expires_at: NOW + 60 * DAY + 1 });
  assert.deepEqual([longer.isShortened, longer.grant.rotatedAtMs], [true, [NOW * 1000]]);
});

void test('a digest replaces its token, as hexadecimal digits of either case and as base64url', () => {
  const ways = [DIGEST.toString('hex'), DIGEST.toString('hex').toUpperCase(), DIGEST.toString('base64url')];
  for (const way of [...ways, `${DIGEST.toString('base64url')}=`])
    assert.deepEqual(imported({ refresh_token: '', refresh_token_sha256: way }), imported({}));
});

void test('times are seconds or dates, as text and as numbers', () => {
  const at = NOW + DAY;
  for (const way of [at, String(at), new Date(at * 1000).toISOString(), '2025-06-16T17:06:40+02:00'])
    assert.equal(imported({ expires_at: way }).expiresAtMs, at * 1000, String(way));
  assert.equal(imported({ created_at: NOW }).grant.createdAtMs, NOW * 1000);
  assert.equal(imported({ created_at: '' }).grant.createdAtMs, NOW * 1000);
  const zoned = '2025-06-16 15:06:40+00';
  const zoneless = '2025-06-16 15:06:40';
  assert.deepEqual(
    [{ expires_at: zoned }, { expires_at: zoneless }, { created_at: '2025-06-15 00:00:00' }].map((more) => {
      const { expiresAtMs, isWithoutZone } = imported(more);
      return [expiresAtMs, isWithoutZone];
    }),
    [
      [at * 1000, false],
      [at * 1000, true],
      [(NOW + 30 * DAY) * 1000, true],
    ],
  );
});

void test('brands may have any case; vehicles are JSON or its text', () => {
  assert.equal(imported({ client: 'pleos', brand: 'KIA' }).grant.brand, 'kia');
  assert.equal(imported({ client: 'pleos', brand: '' }).grant.brand, undefined);
  const vehicle = { ...VEHICLE, make: 'hyundai', nickname: '', powertrain: 'UNKNOWN' };
  assert.deepEqual(imported({ vehicles: [VEHICLE] }).vehicles, [vehicle]);
  assert.deepEqual(imported({ vehicles: JSON.stringify([VEHICLE]) }).vehicles, [vehicle]);
  assert.deepEqual(imported({ vehicles: '' }).vehicles, []);
});

const LATER = NOW + 11 * DAY;
const FAULTS: readonly (readonly [ImportFault, Record<string, unknown>])[] = [
  ['client_missing', { client: '' }],
  ['client_missing', { client: 7 }],
  ['client_unknown', { client: 'nobody' }],
  ['client_not_permitted', { client: 'server' }],
  ['subject_missing', { subject: undefined }],
  ['subject_missing', { subject: '  ' }],
  ['subject_malformed', { subject: 'a\u0000b' }],
  ['subject_malformed', { subject: 's'.repeat(1025) }],
  ['subject_malformed', { subject: 7 }],
  ['scope_unknown', { scope: 'read_odometer fleet:admin' }],
  ['scope_unknown', { client: 'pleos', scope: 'read_odometer' }],
  ['scope_not_allowed', { scope: 'control_security' }],
  ['scope_malformed', { scope: 'read  twice' }],
  ['scope_malformed', { scope: 'rea"d' }],
  ['scope_malformed', { scope: ['read'] }],
  ['brand_unknown', { client: 'pleos', brand: 'volvo' }],
  ['brand_unsupported', { brand: 'kia' }],
  ['token_missing', { refresh_token: '' }],
  ['token_missing', { refresh_token: ' ' }],
  ['token_twice', { refresh_token_sha256: DIGEST.toString('hex') }],
  ['token_malformed', { refresh_token: 't'.repeat(513) }],
  ['token_malformed', { refresh_token: 'tökén' }],
  ['token_malformed', { refresh_token: 12 }],
  ['digest_malformed', { refresh_token: '', refresh_token_sha256: DIGEST.toString('hex').slice(1) }],
  ['digest_malformed', { refresh_token: '', refresh_token_sha256: DIGEST.toString('base64') + '=' }],
  ['digest_malformed', { refresh_token: '', refresh_token_sha256: 5 }],
  ['expires_at_missing', { expires_at: '' }],
  ['expires_at_malformed', { expires_at: 'soon' }],
  ['expires_at_malformed', { expires_at: '2026-01-31' }],
  ['expires_at_malformed', { expires_at: '2026-13-31T00:00:00Z' }],
  ['expires_at_milliseconds', { expires_at: NOW * 1000 }],
  ['expires_at_malformed', { expires_at: '2030-02-31T00:00:00Z' }],
  ['expires_at_malformed', { expires_at: '2030-02-29 00:00:00+01:00' }],
  ['expires_at_malformed', { expires_at: -5 }],
  ['expired', { expires_at: 1.5 }],
  ['expired', { expires_at: NOW }],
  ['created_at_malformed', { created_at: 'once' }],
  ['created_at_milliseconds', { created_at: NOW * 1000 }],
  ['created_at_later', { created_at: NOW + 1 }],
  ['grant_expired', { client: 'short', created_at: NOW - 10 * DAY, expires_at: LATER }],
  ['vehicles_malformed', { vehicles: '[' }],
  ['vehicles_malformed', { vehicles: {} }],
];

for (const [index, [fault, more]] of FAULTS.entries()) {
  void test(`row ${index + 1} is refused as ${fault}`, () => assert.deepEqual(read(more), { fault }));
}

const DETAILS: readonly (readonly [string, Record<string, unknown>])[] = [
  ['placeholder: subject is NULL', { subject: 'NULL' }],
  ['placeholder: refresh_token is a number in scientific notation', { refresh_token: '1.23E+15' }],
  [
    'placeholder: refresh_token_sha256 is the SHA-256 of an empty text',
    { refresh_token: '', refresh_token_sha256: digestImportedToken('').toString('hex') },
  ],
  ['vehicle_malformed: vehicles[1]: not an object', { vehicles: [VEHICLE, null] }],
  ['vehicle_malformed: vehicles[0]: id is not a UUID', { vehicles: [{ ...VEHICLE, id: 'x' }] }],
  ['vehicle_malformed: vehicles[1]: the vehicle is listed before', { vehicles: [VEHICLE, VEHICLE] }],
];

for (const [expected, more] of DETAILS) {
  void test(`a row is refused with ${expected}`, () => {
    const row = read(more);
    assert.ok('fault' in row);
    assert.equal(`${row.fault}: ${row.detail}`, expected);
  });
}

void test('null, an unknown powertrain and a year as text do not make a vehicle invalid', () => {
  const vehicle = { ...VEHICLE, nickname: null, powertrain: 'PHEV', year: '2024' };
  const stored = { ...VEHICLE, make: 'hyundai', nickname: '', powertrain: 'UNKNOWN' };
  assert.deepEqual(imported({ vehicles: [vehicle] }).vehicles, [stored]);
  assert.deepEqual(imported({ scope: null, brand: null, created_at: null, vehicles: null }).vehicles, []);
});

void test('values just within their limits are accepted', () => {
  imported({ expires_at: NOW + 1, subject: 's'.repeat(1024), refresh_token: '~'.repeat(512) });
  imported({ client: 'short', created_at: NOW - 10 * DAY + 1 });
});

void test('what only a doubt about the clock has ended is imported', () => {
  const doubt = { beforeMs: context.nowMs, byMs: 2 * DAY * 1000 };
  const at = (daysAgo: number, by: typeof doubt | undefined) =>
    parseRow({ ...GOOD, expires_at: NOW - daysAgo * DAY }, { ...context, doubt: by });
  assert.deepEqual(at(1, undefined), { fault: 'expired' });
  assert.ok('grant' in at(1, doubt));
  assert.deepEqual(at(2, doubt), { fault: 'expired' });
});
