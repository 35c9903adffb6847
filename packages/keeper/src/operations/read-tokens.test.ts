import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { findTokens, tokensOf } from './read-tokens.ts';

const NOW = Date.UTC(2026, 0, 1);
const read = (body: unknown): unknown =>
  JSON.parse(JSON.stringify(tokensOf(findTokens(body), NOW))) as unknown;

describe('a pair is recognised as other programs write it', () => {
  const cases: readonly (readonly [string, unknown, unknown])[] = [
    [
      'the answer of a token endpoint',
      { access_token: 'a', refresh_token: 'r', expires_in: 7200, token_type: 'Bearer', scope: 'x y' },
      { accessToken: 'a', refreshToken: 'r', expiresIn: 7200, scope: 'x y' },
    ],
    [
      'the answer of Pleos, which nests',
      { data: { accessToken: 'a', refreshToken: 'r' }, meta: { requestId: '1' } },
      { accessToken: 'a', refreshToken: 'r' },
    ],
    [
      "an object of Smartcar's SDK, with dates",
      {
        accessToken: 'a',
        refreshToken: 'r',
        expiration: '2026-01-01T02:00:00.000Z',
        refreshExpiration: '2026-03-02T00:00:00.000Z',
      },
      { accessToken: 'a', refreshToken: 'r', expiresIn: 7200, refreshExpiresIn: 60 * 86_400 },
    ],
    [
      'a row of a table: seconds, and the moment of issue',
      { refresh_token: 'r', expires_at: NOW / 1000 + 60, created_at: NOW / 1000 - 60 },
      { refreshToken: 'r', expiresIn: 120, obtainedAtMs: NOW - 60_000 },
    ],
    ['milliseconds', { refresh_token: 'r', expires_at: NOW + 60_000 }, { refreshToken: 'r', expiresIn: 60 }],
    [
      'a date and time without a zone, which is UTC',
      { refresh_token: 'r', expires_at: '2026-01-01 01:00:00' },
      { refreshToken: 'r', expiresIn: 3600 },
    ],
    [
      'a moment that is over',
      { refresh_token: 'r', expires_at: NOW / 1000 - 5 },
      { refreshToken: 'r', expiresIn: 0 },
    ],
    [
      'empty members, as a table has them',
      { refresh_token: 'r', access_token: '', expires_at: null },
      { refreshToken: 'r' },
    ],
  ];
  for (const [name, body, expected] of cases) test(name, () => assert.deepEqual(read(body), expected));
});

describe('what cannot be read is named, and not quoted', () => {
  for (const [member, body] of [
    ['expiresIn', { expires_in: 'hush' }],
    ['expiresAt', { expires_at: 'hush' }],
    ['refreshToken', { refresh_token: 12 }],
  ] as const)
    test(member, () =>
      assert.throws(
        () => read(body),
        (error: Error) =>
          error.message.startsWith(`${member} cannot be read`) && !error.message.includes('hush'),
      ),
    );
});
