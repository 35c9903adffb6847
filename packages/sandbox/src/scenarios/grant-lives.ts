import { act, beforeRequest, DAY, HOUR, onGrant } from './scenario.ts';
import type { Scenario } from './scenario.ts';

/** What happens to a grant, its client or its server over the months. */
export const GRANT_LIVES: readonly Scenario[] = [
  {
    name: 'restored-server',
    serverDoes:
      'It is put back to before the last refresh, and goes on from the newer token that it is sent.',
    clientDoes: 'Nothing: it sends its newest token, as always.',
    source: 'every other server that rotates tokens logs the client out',
    committed: 'yes',
    steps: [act({ kind: 'saveServer' }), beforeRequest(2, { kind: 'restoreServer' })],
  },
  {
    name: 'expired-idle',
    serverDoes: 'Nobody has refreshed for the whole life of the refresh token, so it has expired.',
    clientDoes: 'It should have refreshed before; now it asks the owner for consent once.',
    source: 'evcc-io/evcc#20631 (Volvo, 7 days); an SDK of Smartcar assumes 60 days itself',
    committed: 'nothing to commit',
    steps: [act({ kind: 'pass', span: 'refreshToken' })],
  },
  {
    name: 'expires-tomorrow',
    serverDoes: 'The refresh token expires in a day.',
    clientDoes: 'It refreshes today, although nobody has asked for a token.',
    source: 'evcc-io/evcc#20631',
    committed: 'yes',
    steps: [act({ kind: 'age', leftSeconds: DAY })],
  },
  {
    name: 'expiry-shortened',
    serverDoes:
      'It cuts the life of refresh tokens from 180 days to that of its documentation, also for tokens that are out: 10 days are left.',
    clientDoes:
      'It learns the new life from an answer where the vendor gives it, and warns where it cannot know.',
    source: 'the documentation of Pleos has said 180 days and 90 days',
    committed: 'yes',
    policy: { refreshTokenLifetimeSeconds: 180 * DAY },
    steps: [
      act({ kind: 'policyBefore' }),
      act({ kind: 'policy', change: { includeRefreshExpiry: true } }),
      act({ kind: 'age', leftSeconds: 10 * DAY }),
    ],
  },
  {
    name: 'single-use-overnight',
    serverDoes: 'Its refresh token never changed; from the second refresh on, a day later, each works once.',
    clientDoes: 'It stores whatever refresh token comes back, also where it has never differed.',
    source: 'teslamotors/vehicle-command#160',
    committed: 'yes',
    policy: { rotation: 'none' },
    steps: [
      beforeRequest(2, { kind: 'pass', span: DAY }),
      beforeRequest(2, { kind: 'policy', change: { rotation: 'strict', overlapSeconds: 0 } }),
    ],
  },
  {
    name: 'revoked-by-owner',
    serverDoes: 'The owner has ended the grant in the portal of the vendor.',
    clientDoes: 'It marks the grant as dead, stops, and deletes the data.',
    source: 'teslamotors/vehicle-command#139, daikin_onecta#41',
    committed: 'nothing to commit',
    steps: [act({ kind: 'revoke' })],
  },
  {
    name: 'consent-partly-withdrawn',
    serverDoes: 'The owner takes back one of two vehicles, and the token lives on.',
    clientDoes: 'It keeps the grant and drops the vehicle.',
    source: 'Pleos documents DELETE /v1/vehicles/consent for one vehicle',
    committed: 'yes',
    vehicles: 2,
    steps: [act({ kind: 'withdrawOneVehicle' })],
  },
  {
    name: 'mass-revocation',
    serverDoes: 'Every grant of the client dies within a minute.',
    clientDoes: 'It reports one incident, and does not write to every owner.',
    source: 'planningcenter/developers#1310: hundreds of accounts, some of them with invalid_request',
    committed: 'nothing to commit',
    moreGrants: 19,
    steps: [act({ kind: 'revokeAll', overSeconds: 60 })],
  },
  {
    name: 'secret-rolled',
    serverDoes: 'The secret of the client was replaced, and the old one is refused; the tokens are fine.',
    clientDoes: 'It reports that its credentials are wrong, once for the client, and touches no grant.',
    source:
      'PostHog/posthog#70257 (every rotation made all reconnect), wso2/product-is#16152, mozilla/fxa-oauth-server#317',
    committed: 'no',
    steps: [act({ kind: 'rollSecret', overlapSeconds: 0 })],
  },
  {
    name: 'secret-overlap-ends',
    serverDoes: 'The secret was replaced, and the old one works for one more hour.',
    clientDoes: 'It uses the new secret before the hour is over.',
    source: 'the guides of Ory Hydra and Logto to the rotation of secrets',
    committed: 'either',
    steps: [
      act({ kind: 'rollSecret', overlapSeconds: HOUR }),
      beforeRequest(2, { kind: 'pass', span: HOUR }),
    ],
  },
  {
    name: 'clock-skew',
    serverDoes: 'Its clock is five minutes ahead, and from the third request on five minutes behind.',
    clientDoes: 'It compares its clock with the Date of answers, and gets the sign right.',
    source: 'home-assistant/core#42487, spring-projects/spring-security#7511 (the wrong sign)',
    committed: 'yes',
    steps: [act({ kind: 'skew', seconds: 300 }), beforeRequest(3, { kind: 'skew', seconds: -300 })],
  },
  {
    name: 'wrong-error-code',
    serverDoes:
      'The grant is dead, and the server says invalid_request the first time and then answers JSON of its own.',
    clientDoes: 'It knows for each vendor what means dead, and asks for consent instead of trying on.',
    source: 'obot#7501, better-auth#8103, FlowFuse#8547, supabase/auth#2829, xee-api-docs#82: five servers',
    committed: 'nothing to commit',
    steps: [
      act({ kind: 'revoke' }),
      onGrant(
        { errorCode: 'invalid_request', description: 'The request is invalid.', at: 'afterCommit' },
        { nth: 1 },
      ),
      onGrant(
        {
          status: 401,
          body: '{"statusCode":401,"type":"AUTHENTICATION","code":null,"description":"The token is no longer valid."}',
          at: 'afterCommit',
        },
        {},
        'always',
      ),
    ],
  },
];
