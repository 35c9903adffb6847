import { DIALECTS } from '@keyfob/server/dialects';
import { statesLifetime } from '../grade/spans.ts';
import { act, onClient, onGrant } from './scenario.ts';
import type { Scenario } from './scenario.ts';

/** The dialects whose answers are those of RFC 6749 §5.1. */
const OAUTH_DIALECTS = Object.values(DIALECTS)
  .filter(statesLifetime)
  .map(({ name }) => name);

/** The answer arrives, and is not what a client expects. */
export const ODD_ANSWERS: readonly Scenario[] = [
  {
    name: 'no-refresh-token',
    serverDoes: 'It does not exchange tokens, and its answers have no refresh token.',
    clientDoes: 'It keeps the refresh token that it has.',
    source: 'an old host of Tesla; lelylan/simple-oauth2#434 loses it',
    committed: 'no',
    policy: { rotation: 'none' },
    steps: [onGrant({ omit: ['refresh_token', 'refreshToken'] }, {}, 'always')],
  },
  {
    name: 'same-token',
    serverDoes: 'It does not exchange tokens: the refresh token that was sent comes back.',
    clientDoes: 'It accepts that where the vendor allows it, and complains where each token works once.',
    source: 'the sample of Pleos shows it; ev_dashboard throws on it',
    committed: 'no',
    policy: { rotation: 'none' },
    steps: [],
  },
  {
    name: 'error-in-200',
    serverDoes: 'The owner has ended the grant, and the error comes with the status 200.',
    clientDoes: 'It reads the body before it believes the status.',
    source: 'lelylan/simple-oauth2#459',
    committed: 'nothing to commit',
    steps: [
      act({ kind: 'revoke' }),
      onGrant({ errorCode: 'invalid_grant', status: 200, at: 'afterCommit' }, {}, 'always'),
    ],
  },
  {
    name: 'expires-in-odd',
    serverDoes: 'The lifetime in its answers is missing, then a text, then 0, then negative.',
    clientDoes: 'It assumes a lifetime of its own, and does not refresh in a loop.',
    source: 'authproxy#189: a loop without end; setTimeout of Node.js fires at once beyond 24.8 days',
    committed: 'yes',
    dialects: OAUTH_DIALECTS,
    steps: [
      onGrant({ omit: ['expires_in'] }, { nth: 1 }),
      onGrant({ expiresIn: '7200' }, { nth: 2 }),
      onGrant({ expiresIn: 0 }, { nth: 3 }),
      onGrant({ expiresIn: -1 }, { nth: 4 }),
    ],
  },
  {
    name: 'device-not-yet',
    serverDoes:
      'A device flow is answered from a script, so that every answer comes in turn: pending, slow down, 403 while pending, then expired.',
    clientDoes:
      'It asks less often after slow_down, goes on after 403, and begins again when the code has expired.',
    source: 'bmw-cardata-ha#95, ioBroker.bmw#201',
    committed: 'nothing to commit',
    dialects: OAUTH_DIALECTS,
    steps: [
      onClient(
        {
          status: 200,
          body: '{"device_code":"sandbox-device-code","user_code":"SAND-BOXX","verification_uri":"https://vendor.example/device","expires_in":300,"interval":5}',
        },
        { endpoint: 'device' },
        'always',
      ),
      onClient({ errorCode: 'authorization_pending' }, { grantType: 'device_code', nth: 1 }),
      onClient({ errorCode: 'slow_down' }, { grantType: 'device_code', nth: 2 }),
      onClient({ errorCode: 'authorization_pending', status: 403 }, { grantType: 'device_code', nth: 3 }),
      onClient({ errorCode: 'expired_token' }, { grantType: 'device_code' }, 'always'),
    ],
  },
];
