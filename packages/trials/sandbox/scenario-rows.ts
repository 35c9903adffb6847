import { both, DAY, wait } from './scenario-row.ts';
import type { ScenarioRow } from './scenario-row.ts';
import { OUTAGE_ROWS } from './scenario-rows-outages.ts';

/** Every scenario that is about refreshes, at least once. */
export const SCENARIO_ROWS: readonly ScenarioRow[] = [
  {
    scenario: 'lost-answer-after',
    moves: ['newest', 'again'],
    seen: {
      smartcar: ['g1/0 rotate committed, at 1 -> nothing, reset', 'g1/0 repeat (overlap), at 1 -> 200 g1/1'],
      pleos: [
        'g1/0 rotate committed, at 1 -> nothing, reset',
        'g1/0 refuse (concurrent_use), at 1 -> 400 4002',
      ],
    },
  },
  {
    scenario: 'lost-answer-before',
    moves: ['newest', 'again'],
    seen: both('g1/0 none, at 0 -> nothing, reset', 'g1/0 rotate committed, at 1 -> 200 g1/1'),
  },
  {
    scenario: 'answer-cut',
    moves: ['newest', 'again'],
    seen: {
      smartcar: ['g1/0 rotate committed, at 1 -> 200 half of it', 'g1/0 repeat (overlap), at 1 -> 200 g1/1'],
      pleos: [
        'g1/0 rotate committed, at 1 -> 200 half of it',
        'g1/0 refuse (concurrent_use), at 1 -> 400 4002',
      ],
    },
  },
  {
    scenario: 'hang',
    moves: ['give up', 'give up', 'again'],
    seen: {
      smartcar: [
        'g1/0 rotate committed, at 1 -> nothing',
        'g1/0 none, at 1 -> nothing',
        'g1/0 repeat (overlap), at 1 -> 200 g1/1',
      ],
      pleos: [
        'g1/0 rotate committed, at 1 -> nothing',
        'g1/0 none, at 1 -> nothing',
        'g1/0 refuse (concurrent_use), at 1 -> 400 4002',
      ],
    },
  },
  {
    scenario: 'slow-past-overlap',
    moves: ['newest', 'first', 'newest'],
    seen: {
      smartcar: [
        'g1/0 rotate committed, at 1 -> 200 g1/1',
        'g1/0 refuse (concurrent_use), at 1 -> 400 invalid_grant',
        'g1/1 rotate committed, at 2 -> 200 g1/2',
      ],
      pleos: [
        'g1/0 rotate committed, at 1 -> 200 g1/1',
        'g1/0 replay (gap 1) committed, at 1 -> 400 4002',
        'g1/1 refuse (revoked), at 1 -> 400 4002',
      ],
    },
  },
  {
    scenario: 'late-answer',
    moves: ['overtake', 'newest'],
    seen: {
      smartcar: [
        'g1/0 repeat (overlap), at 1 -> 200 g1/1',
        'g1/0 rotate committed, at 1 -> 200 g1/1',
        'g1/1 rotate committed, at 2 -> 200 g1/2',
      ],
      pleos: [
        'g1/0 refuse (concurrent_use), at 1 -> 400 4002',
        'g1/0 rotate committed, at 1 -> 200 g1/1',
        'g1/1 rotate committed, at 2 -> 200 g1/2',
      ],
    },
  },
  {
    scenario: 'duplicate-request',
    moves: ['newest', 'newest'],
    seen: {
      smartcar: [
        'g1/0 repeat (overlap) committed, at 1 -> 200 g1/1',
        'g1/1 rotate committed, at 2 -> 200 g1/2',
      ],
      pleos: [
        'g1/0 refuse (concurrent_use) committed, at 1 -> 400 4002',
        'g1/0 refuse (concurrent_use), at 1 -> 400 4002',
      ],
    },
  },
  {
    scenario: 'race',
    moves: ['race', 'newest'],
    seen: {
      smartcar: [
        'g1/0 rotate committed, at 1 -> 200 g1/1',
        'g1/0 repeat (overlap), at 1 -> 200 g1/1',
        'g1/1 rotate committed, at 2 -> 200 g1/2',
      ],
      pleos: [
        'g1/0 rotate committed, at 1 -> 200 g1/1',
        'g1/0 refuse (concurrent_use), at 1 -> 400 4002',
        'g1/1 rotate committed, at 2 -> 200 g1/2',
      ],
    },
  },
  {
    scenario: 'never-stored',
    moves: ['first', 'first', 'newest'],
    seen: {
      smartcar: [
        'g1/0 rotate committed, at 1 -> 200 g1/1',
        'g1/0 replay (gap 1) committed, at 1 -> 400 invalid_grant',
        'g1/1 refuse (revoked), at 1 -> 400 invalid_grant',
      ],
      pleos: [
        'g1/0 rotate committed, at 1 -> 200 g1/1',
        'g1/0 replay (gap 1) committed, at 1 -> 400 4002',
        'g1/1 refuse (revoked), at 1 -> 400 4002',
      ],
    },
  },
  {
    scenario: 'never-stored',
    moves: ['newest', 'newest', 'newest'],
    seen: both(
      'g1/0 rotate committed, at 1 -> 200 g1/1',
      'g1/1 rotate committed, at 2 -> 200 g1/2',
      'g1/2 rotate committed, at 3 -> 200 g1/3',
    ),
  },
  {
    scenario: 'replay-old',
    moves: ['newest', 'again'],
    seen: {
      smartcar: [
        'g1/0 replay (gap 2) committed, at 2 -> 400 invalid_grant',
        'g1/0 refuse (revoked), at 2 -> 400 invalid_grant',
      ],
      pleos: ['g1/0 replay (gap 2) committed, at 2 -> 400 4002', 'g1/0 refuse (revoked), at 2 -> 400 4002'],
    },
  },
  {
    scenario: 'restored-client',
    moves: ['newest', 'again'],
    seen: {
      smartcar: [
        'g1/0 replay (gap 3) committed, at 3 -> 400 invalid_grant',
        'g1/0 refuse (revoked), at 3 -> 400 invalid_grant',
      ],
      pleos: ['g1/0 replay (gap 3) committed, at 3 -> 400 4002', 'g1/0 refuse (revoked), at 3 -> 400 4002'],
    },
  },
  {
    scenario: 'restored-server',
    moves: ['newest', 'newest', 'newest'],
    seen: both(
      'g1/0 rotate committed, at 1 -> 200 g1/1',
      'g1/1 resync (1 lost) committed, at 2 -> 200 g1/2',
      'g1/2 rotate committed, at 3 -> 200 g1/3',
    ),
  },
  {
    scenario: 'expired-idle',
    moves: ['newest'],
    seen: {
      smartcar: ['g1/0 refuse (expired), at 0 -> 400 invalid_grant'],
      pleos: ['g1/0 refuse (expired), at 0 -> 400 4002'],
    },
  },
  {
    scenario: 'expires-tomorrow',
    moves: ['newest', wait(2 * DAY), 'newest'],
    seen: both('g1/0 rotate committed, at 1 -> 200 g1/1', 'g1/1 rotate committed, at 2 -> 200 g1/2'),
  },
  {
    scenario: 'expires-tomorrow',
    moves: [wait(DAY), 'newest'],
    seen: {
      smartcar: ['g1/0 refuse (expired), at 0 -> 400 invalid_grant'],
      pleos: ['g1/0 refuse (expired), at 0 -> 400 4002'],
    },
  },
  {
    scenario: 'expiry-shortened',
    moves: ['newest', wait(91 * DAY), 'newest'],
    seen: {
      smartcar: [
        'g1/0 rotate committed, at 1 -> 200 g1/1 refresh_token_expires_in 5184000',
        'g1/1 refuse (expired), at 1 -> 400 invalid_grant',
      ],
      pleos: ['g1/0 rotate committed, at 1 -> 200 g1/1', 'g1/1 refuse (expired), at 1 -> 400 4002'],
    },
  },
  {
    scenario: 'expiry-shortened',
    moves: [wait(10 * DAY), 'newest'],
    seen: {
      smartcar: ['g1/0 refuse (expired), at 0 -> 400 invalid_grant'],
      pleos: ['g1/0 refuse (expired), at 0 -> 400 4002'],
    },
  },
  {
    scenario: 'single-use-overnight',
    moves: ['first', 'first', wait(60), 'first'],
    seen: {
      smartcar: [
        'g1/0 repeat (not_rotated), at 0 -> 200 g1/0',
        'g1/0 rotate committed, at 1 -> 200 g1/1',
        'g1/0 replay (gap 1) committed, at 1 -> 400 invalid_grant',
      ],
      pleos: [
        'g1/0 repeat (not_rotated), at 0 -> 200 g1/0',
        'g1/0 rotate committed, at 1 -> 200 g1/1',
        'g1/0 replay (gap 1) committed, at 1 -> 400 4002',
      ],
    },
  },
  {
    scenario: 'revoked-by-owner',
    moves: ['newest'],
    seen: {
      smartcar: ['g1/0 refuse (revoked), at 0 -> 400 invalid_grant'],
      pleos: ['g1/0 refuse (revoked), at 0 -> 400 4002'],
    },
  },
  {
    scenario: 'consent-partly-withdrawn',
    moves: ['newest'],
    seen: both('g1/0 rotate committed, at 1 -> 200 g1/1'),
  },
  {
    scenario: 'mass-revocation',
    moves: ['newest'],
    seen: {
      smartcar: ['g1/0 refuse (revoked), at 0 -> 400 invalid_grant'],
      pleos: ['g1/0 refuse (revoked), at 0 -> 400 4002'],
    },
  },
  {
    scenario: 'secret-rolled',
    moves: ['newest', 'new secret', 'newest'],
    seen: {
      smartcar: [
        'g1/0 refuse (client_secret_wrong), at 0 -> 401 invalid_client',
        'g1/0 rotate committed, at 1 -> 200 g1/1',
      ],
      pleos: [
        'g1/0 refuse (client_secret_wrong), at 0 -> 400 401',
        'g1/0 rotate committed, at 1 -> 200 g1/1',
      ],
    },
  },
  {
    scenario: 'secret-overlap-ends',
    moves: ['newest', 'newest', 'new secret', 'newest'],
    seen: {
      smartcar: [
        'g1/0 rotate committed, at 1 -> 200 g1/1',
        'g1/1 refuse (client_secret_wrong), at 1 -> 401 invalid_client',
        'g1/1 rotate committed, at 2 -> 200 g1/2',
      ],
      pleos: [
        'g1/0 rotate committed, at 1 -> 200 g1/1',
        'g1/1 refuse (client_secret_wrong), at 1 -> 400 401',
        'g1/1 rotate committed, at 2 -> 200 g1/2',
      ],
    },
  },
  {
    scenario: 'clock-skew',
    moves: ['newest', 'newest', 'newest'],
    seen: both(
      'g1/0 rotate committed, at 1 -> 200 Date +300 g1/1',
      'g1/1 rotate committed, at 2 -> 200 Date +300 g1/2',
      'g1/2 rotate committed, at 3 -> 200 Date -300 g1/3',
    ),
  },
  {
    scenario: 'wrong-error-code',
    moves: ['newest', 'again', 'again'],
    seen: {
      smartcar: [
        'g1/0 refuse (revoked), at 0 -> 400 invalid_request',
        'g1/0 refuse (revoked), at 0 -> 401 other JSON',
        'g1/0 refuse (revoked), at 0 -> 401 other JSON',
      ],
      pleos: [
        'g1/0 refuse (revoked), at 0 -> 400 4002',
        'g1/0 refuse (revoked), at 0 -> 401 other JSON',
        'g1/0 refuse (revoked), at 0 -> 401 other JSON',
      ],
    },
  },
  ...OUTAGE_ROWS,
];
