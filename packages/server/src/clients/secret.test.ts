import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import type { ClientSecret } from './client.ts';
import { systemRandomness } from '../randomness.ts';
import { createClientId, createClientSecret, digestSecret, findSecret, isUseNews } from './secret.ts';

const NOW_MS = 1_750_000_000_000;
const NOW = { nowMs: NOW_MS, doubt: undefined };

const secretOf = (secret: string, expiresAtMs?: number): ClientSecret => ({
  id: secret,
  name: secret,
  digest: digestSecret(secret),
  createdAtMs: NOW_MS - 1_000_000,
  expiresAtMs,
  lastUsedAtMs: undefined,
});

const CASES: readonly {
  name: string;
  secrets: readonly ClientSecret[];
  given: string;
  isProven: boolean;
}[] = [
  {
    name: 'a secret that never expires is in force',
    secrets: [secretOf('one')],
    given: 'one',
    isProven: true,
  },
  {
    name: 'a secret is in force in the last millisecond before it expires',
    secrets: [secretOf('one', NOW_MS + 1)],
    given: 'one',
    isProven: true,
  },
  {
    name: 'a secret is not in force from the millisecond in which it expires',
    secrets: [secretOf('one', NOW_MS)],
    given: 'one',
    isProven: false,
  },
  {
    name: 'a secret is not in force long after it expired',
    secrets: [secretOf('one', NOW_MS - 100_000_000)],
    given: 'one',
    isProven: false,
  },
  { name: 'a different secret proves nothing', secrets: [secretOf('one')], given: 'two', isProven: false },
  { name: 'an empty secret proves nothing', secrets: [secretOf('one')], given: '', isProven: false },
  {
    name: 'a secret in other case proves nothing',
    secrets: [secretOf('one')],
    given: 'One',
    isProven: false,
  },
  {
    name: 'the first of several secrets is in force',
    secrets: [secretOf('one'), secretOf('two'), secretOf('three')],
    given: 'one',
    isProven: true,
  },
  {
    name: 'the last of several secrets is in force',
    secrets: [secretOf('one'), secretOf('two'), secretOf('three')],
    given: 'three',
    isProven: true,
  },
  {
    name: 'an unknown secret matches none of several',
    secrets: [secretOf('one'), secretOf('two'), secretOf('three')],
    given: 'four',
    isProven: false,
  },
  {
    name: 'while secrets are rolled, the old one is in force until it expires',
    secrets: [secretOf('old', NOW_MS + 1), secretOf('new')],
    given: 'old',
    isProven: true,
  },
  {
    name: 'once secrets are rolled, the old one is not in force beside the new one',
    secrets: [secretOf('old', NOW_MS), secretOf('new')],
    given: 'old',
    isProven: false,
  },
  {
    name: 'once secrets are rolled, the new one is in force beside the old one',
    secrets: [secretOf('old', NOW_MS), secretOf('new')],
    given: 'new',
    isProven: true,
  },
  {
    name: 'a secret that is stored twice is in force while either is',
    secrets: [secretOf('one', NOW_MS), secretOf('one')],
    given: 'one',
    isProven: true,
  },
  { name: 'no secret proves a client without secrets', secrets: [], given: 'one', isProven: false },
  {
    name: 'an empty secret does not prove a client without secrets',
    secrets: [],
    given: '',
    isProven: false,
  },
];

for (const { name, secrets, given, isProven } of CASES) {
  void test(name, () => {
    const found = findSecret(secrets, digestSecret(given), NOW);
    assert.equal(found !== undefined, isProven);
    if (isProven) assert.equal(found?.name, given);
  });
}

void test('a blank digest never proves a client without secrets', () => {
  for (const nowMs of [0, 1, NOW_MS]) {
    assert.equal(findSecret([], Buffer.alloc(32), { nowMs, doubt: undefined }), undefined);
  }
});

void test('a secret lasts until its expiry is certain', () => {
  const secrets = [secretOf('one', NOW_MS - 1000)];
  for (const [byMs, isProven] of [
    [1000, false],
    [1001, true],
  ] as const) {
    const doubt = { beforeMs: NOW_MS, byMs };
    const found = findSecret(secrets, digestSecret('one'), { nowMs: NOW_MS, doubt });
    assert.equal(found !== undefined, isProven, `${byMs} ms in doubt`);
  }
});

void test('the stored form of a secret is its SHA-256', () => {
  assert.equal(
    digestSecret('abc').toString('hex'),
    'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad',
  );
});

void test('a new secret is 256 bits in letters that read the same raw and form-encoded', () => {
  const secrets = Array.from({ length: 100 }, () => createClientSecret(systemRandomness));
  for (const secret of secrets) {
    assert.match(secret, /^[A-Za-z0-9_-]{43}$/);
    assert.equal(encodeURIComponent(secret), secret);
    assert.equal(Buffer.from(secret, 'base64url').length, 32);
  }
  assert.equal(new Set(secrets).size, 100);
});

void test('a new client id is a UUID, and no two are alike', () => {
  const ids = Array.from({ length: 100 }, () => createClientId(systemRandomness));
  for (const id of ids)
    assert.match(id, /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  assert.equal(new Set(ids).size, 100);
});

void test('any secret proves exactly the clients that have it in force', () => {
  const name = fc.constantFrom('one', 'two', 'three', 'four');
  const end = fc.option(fc.integer({ min: NOW_MS - 2, max: NOW_MS + 2 }), { nil: undefined });
  fc.assert(
    fc.property(fc.array(fc.tuple(name, end)), name, (list, given) => {
      const secrets = list.map(([secret, expiresAtMs]) => secretOf(secret, expiresAtMs));
      const isExpected = list.some(
        ([secret, expiresAtMs]) => secret === given && (expiresAtMs ?? NOW_MS + 1) > NOW_MS,
      );
      assert.equal(findSecret(secrets, digestSecret(given), NOW)?.name, isExpected ? given : undefined);
    }),
  );
});

const USES: readonly (readonly [last: number | undefined, at: number, isNews: boolean, what: string])[] = [
  [undefined, NOW_MS, true, 'a first use is news'],
  [NOW_MS, NOW_MS, false, 'a use in the same millisecond is none'],
  [NOW_MS, NOW_MS + 3_599_999, false, 'a use within the hour is none'],
  [NOW_MS, NOW_MS + 3_600_000, true, 'a use an hour later is news'],
  [NOW_MS, NOW_MS - 7_200_000, false, 'a use from before, by a clock that is behind, is none'],
];

for (const [last, at, isNews, what] of USES) {
  void test(what, () => {
    assert.equal(isUseNews(last, at), isNews);
  });
}
