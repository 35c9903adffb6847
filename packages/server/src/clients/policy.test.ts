import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { OVERLAP_MAX_SECONDS, POLICY_FIELDS, parsePolicy } from './policy.ts';
import type { Policy, PolicyField } from './policy.ts';

const POLICY: Policy = {
  refreshTokenLifetimeSeconds: 7_776_000,
  accessTokenLifetimeSeconds: 3600,
  rotation: 'overlap',
  overlapSeconds: 60,
  raceSeconds: 10,
  onReplay: 'revoke',
  onReplayAccessTokens: 'end',
  grantLifetimeSeconds: null,
  resyncGenerations: 1024,
  requireUserAgent: false,
  includeRefreshExpiry: false,
  clientAuthentication: 'both',
  accessTokenFormat: 'opaque',
  clientCredentials: false,
};

const parsed = (fields: Readonly<Record<string, unknown>>): Policy => {
  const result = parsePolicy({ ...POLICY, ...fields });
  assert.ok('policy' in result, JSON.stringify(result));
  return result.policy;
};

const faultsOf = (fields: Readonly<Record<string, unknown>>): readonly string[] => {
  const result = parsePolicy(fields);
  assert.ok('faults' in result, JSON.stringify(result));
  assert.ok(result.faults.length > 0);
  return result.faults;
};

const YEAR = 31_536_000;

/** The least and the greatest value of every number, with the relations between fields kept out of the way. */
const BOUNDS: Readonly<Partial<Record<PolicyField, readonly [number, number]>>> = {
  refreshTokenLifetimeSeconds: [60, 10 * YEAR],
  accessTokenLifetimeSeconds: [1, YEAR],
  overlapSeconds: [0, 900],
  raceSeconds: [0, 900],
  grantLifetimeSeconds: [60, 100 * YEAR],
  resyncGenerations: [0, 1_000_000],
};

for (const [field, [least, greatest]] of Object.entries(BOUNDS)) {
  const near = { ...POLICY, overlapSeconds: 0, raceSeconds: 0 };
  for (const value of [least, least + 1, greatest - 1, greatest]) {
    void test(`${field} may be ${value}, as a number and as text`, () => {
      assert.deepEqual(parsed({ ...near, [field]: value }), { ...near, [field]: value });
      assert.deepEqual(parsed({ ...near, [field]: String(value) }), { ...near, [field]: value });
    });
  }
  for (const value of [least - 1, greatest + 1]) {
    void test(`${field} may not be ${value}, and the fault names the field`, () => {
      for (const given of [value, String(value)]) {
        const faults = faultsOf({ ...near, [field]: given });
        assert.equal(faults.length, 1);
        assert.ok(faults[0]?.startsWith(`${field} must be `), faults[0]);
      }
    });
  }
  for (const value of [
    '',
    ' ',
    '1.5',
    '1e3',
    '0x60',
    ' 60',
    '60s',
    '-60',
    '+60',
    '６０',
    60.5,
    Number.NaN,
    true,
    [60],
    {},
  ]) {
    void test(`${field} may not be ${typeof value} ${JSON.stringify(value)}`, () => {
      for (const fault of faultsOf({ ...near, [field]: value }))
        assert.ok(fault.startsWith(`${field} `), fault);
    });
  }
  for (const value of [Number.POSITIVE_INFINITY, 2 ** 53, '9'.repeat(400)]) {
    void test(`${field} may not be as great as ${String(value).slice(0, 12)}`, () => {
      assert.ok(faultsOf({ ...near, [field]: value }).some((fault) => fault.startsWith(`${field} `)));
    });
  }
}

const NAMES: Readonly<Partial<Record<PolicyField, readonly string[]>>> = {
  rotation: ['strict', 'overlap', 'until-used', 'none'],
  onReplay: ['revoke', 'refuse', 'observe'],
};

for (const [field, names] of Object.entries(NAMES)) {
  void test(`${field} may be ${names.join(', ')} and nothing else`, () => {
    for (const name of names) assert.deepEqual(parsed({ [field]: name }), { ...POLICY, [field]: name });
    for (const other of [
      '',
      ` ${names[0]}`,
      `${names[0]} `,
      names.join(','),
      'sometimes',
      4002,
      null,
      undefined,
      true,
    ]) {
      assert.deepEqual(faultsOf({ ...POLICY, [field]: other }), [
        `${field} must be one of ${names.join(', ')}`,
      ]);
    }
  });
}

for (const field of ['requireUserAgent', 'includeRefreshExpiry'] as const) {
  void test(`${field} is true or false, as a value and as text`, () => {
    for (const value of [true, 'true']) assert.equal(parsed({ [field]: value })[field], true);
    for (const value of [false, 'false']) assert.equal(parsed({ [field]: value })[field], false);
    for (const other of ['', 'yes', 'TRUE', '1', 1, 0, null])
      assert.deepEqual(faultsOf({ ...POLICY, [field]: other }), [`${field} must be true or false`]);
  });
}

void test('none and null mean a grant that does not expire', () => {
  assert.equal(parsed({ grantLifetimeSeconds: 'none' }).grantLifetimeSeconds, null);
  assert.equal(parsed({ grantLifetimeSeconds: null }).grantLifetimeSeconds, null);
  for (const other of ['', 'NONE', 'null', 'never', '0', 0, undefined])
    assert.match(faultsOf({ ...POLICY, grantLifetimeSeconds: other })[0] ?? '', /^grantLifetimeSeconds /);
});

for (const field of ['overlapSeconds', 'raceSeconds'] as const) {
  void test(`${field} must be less than the lifetime of a refresh token`, () => {
    const policy = { ...POLICY, overlapSeconds: 0, raceSeconds: 0, refreshTokenLifetimeSeconds: 300 };
    assert.equal(parsed({ ...policy, [field]: 299 })[field], 299);
    assert.equal(parsed({ ...policy, [field]: '299', refreshTokenLifetimeSeconds: '300' })[field], 299);
    for (const value of [300, 301])
      assert.deepEqual(faultsOf({ ...policy, [field]: value }), [
        `${field} must be less than refreshTokenLifetimeSeconds`,
      ]);
  });
}

void test('both broken relations are reported', () => {
  const policy = { ...POLICY, overlapSeconds: 300, raceSeconds: 300, refreshTokenLifetimeSeconds: 300 };
  assert.equal(faultsOf(policy).length, 2);
});

void test('every wrong field is reported at once', () => {
  const faults = faultsOf({ ...POLICY, rotation: 'sometimes', overlapSeconds: 901, requireUserAgent: 'yes' });
  for (const field of ['rotation', 'overlapSeconds', 'requireUserAgent'])
    assert.ok(
      faults.some((fault) => fault.startsWith(`${field} `)),
      field,
    );
});

/** Fields that policies stored by an older version do not have. */
const LATER: ReadonlySet<string> = new Set<PolicyField>([
  'clientAuthentication',
  'onReplayAccessTokens',
  'accessTokenFormat',
  'accessTokenAlgorithm',
  'accessTokenLength',
  'clientCredentials',
  'clientCredentialsScope',
  'grantScope',
  'personalGrant',
  'simulatedOwners',
  'requirePkce',
  'nativeApp',
  'audience',
  'untilUsedSeconds',
  'deviceFlow',
  'profile',
  'requirePar',
  'untypedAssertions',
  'senderConstraint',
  'tlsClientSubject',
  'authorizationDetails',
]);

void test('a missing field is reported by its name, except those that are optional', () => {
  for (const field of Object.keys(POLICY_FIELDS).filter((name) => !LATER.has(name))) {
    const rest = Object.fromEntries(Object.entries(POLICY).filter(([name]) => name !== field));
    assert.ok(
      faultsOf(rest).some((fault) => fault.startsWith(field)),
      field,
    );
  }
});

for (const name of ['overlap', 'OverlapSeconds', 'overlap_seconds', 'constructor', 'toString', '']) {
  void test(`the field ${JSON.stringify(name)} is unknown and refused`, () => {
    assert.equal(faultsOf({ ...POLICY, [name]: 60 }).length, 1);
  });
}

/** Texts that a field may be, and that it may not be. */
const TEXTS: Readonly<Partial<Record<PolicyField, readonly [readonly string[], readonly unknown[]]>>> = {
  clientCredentialsScope: [
    ['', 'a', 'fleet:read fleet:write', '!#[]~'],
    [' ', 'a ', ' a', 'a  b', 'a\tb', 'a"b', 'a\\b', 'é', 'a'.repeat(1025), 7, null, ['a']],
  ],
  audience: [
    ['', 'https://api.example/v2?x=1', 'vehicles', 'https://a.example https://b.example'],
    [' ', 'a ', ' a', 'a  b', 'é', 'a\n', 'a'.repeat(1025), 7, null, ['a']],
  ],
};

for (const [field, [good, bad]] of Object.entries(TEXTS)) {
  void test(`${field} may be absent, and text of its form only`, () => {
    assert.equal(parsed({})[field as PolicyField], undefined);
    for (const value of good) assert.deepEqual(parsed({ [field]: value }), { ...POLICY, [field]: value });
    for (const value of bad)
      for (const fault of faultsOf({ ...POLICY, [field]: value }))
        assert.ok(fault.startsWith(`${field} must be `), fault);
  });
}

void test('the longest overlap of a policy is the longest time for which a rotation is remembered', () => {
  assert.equal(parsed({ overlapSeconds: OVERLAP_MAX_SECONDS }).overlapSeconds, OVERLAP_MAX_SECONDS);
  faultsOf({ ...POLICY, overlapSeconds: OVERLAP_MAX_SECONDS + 1 });
});

void test('a parsed policy parses to itself', () => {
  const seconds = fc.integer({ min: 0, max: 900 });
  fc.assert(
    fc.property(
      seconds,
      seconds,
      fc.integer({ min: 901, max: YEAR }),
      fc.boolean(),
      (overlap, race, life, asText) => {
        const write = (value: number): unknown => (asText ? String(value) : value);
        const policy = parsed({
          overlapSeconds: write(overlap),
          raceSeconds: write(race),
          refreshTokenLifetimeSeconds: write(life),
        });
        assert.deepEqual(parsePolicy(policy), { policy });
        assert.deepEqual(parsePolicy(JSON.parse(JSON.stringify(policy)) as Record<string, unknown>), {
          policy,
        });
      },
    ),
  );
});

void test('a field that no policy has, and one that is absent, are named', () => {
  assert.deepEqual(faultsOf({ ...POLICY, scopes: 'read_odometer' }), ['scopes is not a field of a policy']);
  const { rotation: _, ...others } = POLICY;
  assert.deepEqual(faultsOf(others), ['rotation is missing']);
});

void test('any values give either a policy or faults, never an exception', () => {
  const anything = fc.dictionary(
    fc.oneof(fc.constantFrom(...Object.keys(POLICY)), fc.string()),
    fc.anything(),
  );
  fc.assert(
    fc.property(anything, (fields) => {
      const result = parsePolicy({ ...POLICY, ...fields });
      assert.ok('policy' in result || result.faults.every((fault) => fault !== ''));
    }),
    { numRuns: 500 },
  );
});
