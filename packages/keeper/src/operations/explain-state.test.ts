import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { GrantState } from '../grants/grant.ts';
import { explainState } from './explain-state.ts';

const NOW = Date.UTC(2026, 0, 1);
const HOUR = 3_600_000;
const VIEW = {
  state: 'active' as GrantState,
  cause: undefined,
  client: 'sc',
  sinceMs: NOW - 2 * HOUR,
  accessExpiresAtMs: NOW + HOUR,
  refreshExpiresAtMs: NOW + 1000 * HOUR,
  due: { atMs: NOW + 600 * HOUR, rank: 2 as const },
  failures: 0,
};

test('a state is explained in one sentence, with what happens next', () => {
  const soon = { atMs: NOW + 90_000, rank: 0 as const };
  const cases = [
    [VIEW, 'It is good: the access token works for 1 h, and the next refresh is due in 25 d.'],
    [
      { ...VIEW, accessExpiresAtMs: NOW - 1 },
      'It is good: an access token is fetched when asked for, and the next refresh is due in 25 d.',
    ],
    [
      { ...VIEW, failures: 2, due: soon },
      'It is good, but 2 refreshes failed in a row: the next refresh is due in 1 min 30 s.',
    ],
    [
      { ...VIEW, state: 'uncertain', due: soon },
      'A refresh was sent and no answer came: the next refresh is due in 1 min 30 s, and the access token works for 1 h.',
    ],
    [
      { ...VIEW, state: 'dead', cause: 'lost_response' },
      'The refresh token was used, and its answer never arrived (2 h ago): only a new consent of the owner helps.',
    ],
    [
      { ...VIEW, state: 'suspect', due: { atMs: NOW - 1, rank: 0 } },
      'The provider refused it for a reason that may be the fault of the client sc: other connections decide, a refresh is due now.',
    ],
  ] as const;
  for (const [view, expected] of cases) assert.equal(explainState(view, NOW), expected);
});

test('a client that is refused is named before its connections are blamed', () => {
  const breaker = { sinceMs: NOW, retryAtMs: NOW + HOUR, failures: 1, code: 'invalid_client' };
  assert.equal(
    explainState(VIEW, NOW, { breaker }),
    'It is good, but the provider refuses the client sc (invalid_client): the access token works for 1 h.',
  );
});
