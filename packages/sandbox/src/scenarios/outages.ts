import { HOUR, onClient, onGrant } from './scenario.ts';
import type { Scenario } from './scenario.ts';

/** The server, or what stands before it, does not serve. The grant is alive through all of it, unless a row says otherwise. */
export const OUTAGES: readonly Scenario[] = [
  {
    name: 'refresh-switched-off',
    serverDoes: 'It refuses every refresh of the client, as if the vendor had switched the grant type off.',
    clientDoes: 'It reports it once, keeps its tokens, and tries again seldom.',
    source: 'homeassistant-volkswagencarnet#979 (a login every 25 minutes); Ford, 2026',
    committed: 'no',
    steps: [onClient({ errorCode: 'unauthorized_client' }, { grantType: 'refresh_token' }, 'always')],
  },
  {
    name: 'refresh-not-honoured',
    serverDoes: 'It answers 400 and wants the password of the owner instead of the refresh token.',
    clientDoes: 'It takes it for permanent and does not try again by itself.',
    source: 'hyundai_kia_connect_api#1186 (Hyundai in the USA)',
    committed: 'no',
    steps: [
      onGrant(
        { errorCode: 'invalid_request', description: 'Password required.' },
        { grantType: 'refresh_token' },
        'always',
      ),
    ],
  },
  {
    name: 'rate-limited',
    serverDoes: 'It answers 429 three times: Retry-After in seconds, then as a date, then without it.',
    clientDoes:
      'It pauses for the whole client, for as long as it was asked to, and for a while where it was not.',
    source: 'supabase/supabase-js#2145: 30,000 to 60,000 of them in an hour',
    committed: 'no',
    steps: [
      onClient(
        { errorCode: 'temporarily_unavailable', status: 429, retryAfter: { seconds: 60 } },
        { nth: 1 },
      ),
      onClient(
        { errorCode: 'temporarily_unavailable', status: 429, retryAfter: { seconds: 60, as: 'date' } },
        { nth: 2 },
      ),
      onClient({ errorCode: 'temporarily_unavailable', status: 429 }, { nth: 3 }),
    ],
  },
  {
    name: 'gateway-html',
    serverDoes:
      'The pages of five gateways come instead of answers: nginx 502, AWS 503, CloudFront 504, IIS 502 and Akamai 503.',
    clientDoes: 'It tries again later, and never reads a page as a verdict on the token.',
    source: 'Nango and others map every failure to one class; authproxy loses tokens on a malformed 200',
    committed: 'no',
    steps: [
      onClient({ status: 502, bodyName: 'nginx-502' }, { nth: 1 }),
      onClient({ status: 503, bodyName: 'aws-alb-503' }, { nth: 2 }),
      onClient({ status: 504, bodyName: 'cloudfront-504' }, { nth: 3 }),
      onClient({ status: 502, bodyName: 'iis-502' }, { nth: 4 }),
      onClient({ status: 503, bodyName: 'akamai-503' }, { nth: 5 }),
    ],
  },
  {
    name: 'html-200',
    serverDoes: 'It answers 200 with a login page, then with a maintenance page, then with nothing.',
    clientDoes: 'It takes none of them for success, stores nothing, and tries again later.',
    source: 'seen with the Smartcar SDK: an empty 200 gives undefined tokens, and no error',
    committed: 'no',
    steps: [
      onClient({ status: 200, bodyName: 'login-page' }, { nth: 1 }),
      onClient({ status: 200, bodyName: 'maintenance-page' }, { nth: 2 }),
      onClient({ status: 200 }, { nth: 3 }),
    ],
  },
  {
    name: 'maintenance',
    serverDoes: 'It answers 503 for two hours of the world.',
    clientDoes: 'It waits with growing pauses, and many clients do not all come back in one moment.',
    source: 'bmw-cardata-ha#57, bmw-cardata-ha#59: a night in which client ids vanished too',
    committed: 'no',
    steps: [onClient({ status: 503, bodyName: 'nginx-503' }, { forSeconds: 2 * HOUR }, 'always')],
  },
  {
    name: 'waf',
    serverDoes:
      'A firewall blocks the client for an hour: 403 "abusing request" first, then redirects to a page.',
    clientDoes: 'It knows that blocked is not dead: it keeps the tokens, pauses, and reports it.',
    source: 'hyundai_kia_connect_api#1277 (Hyundai and Kia in Europe, for one version of a client)',
    committed: 'no',
    steps: [
      onClient({ status: 403, bodyName: 'waf-403' }, { nth: 1, forSeconds: HOUR }),
      onClient({ redirectElsewhere: 'blocked', status: 302 }, { forSeconds: HOUR }, 'always'),
    ],
  },
  {
    name: 'redirect',
    serverDoes: 'It answers 307 to another host, once; what arrives there is in the journal.',
    clientDoes: 'It does not send its secret and its token to the other host.',
    source: 'seen with the Smartcar SDK v10, which follows 307 with the token and the Basic header',
    committed: 'no',
    steps: [onGrant({ redirectElsewhere: 'oauth/token', status: 307 })],
  },
  {
    name: 'tls-reset',
    serverDoes:
      'The connection is reset before the request is read; at the other address that is given, in the TLS handshake.',
    clientDoes: 'It tries again: of a handshake that failed, nothing was sent.',
    source: 'the class "not sent" of every HTTP client',
    committed: 'no',
    steps: [onGrant({ tls: 'reset' }), { do: 'act', act: { kind: 'open', door: 'reset' } }],
  },
  {
    name: 'tls-expired',
    serverDoes: 'The certificate at the other address that is given has expired.',
    clientDoes: 'It sends nothing, keeps the token, reports it, and never switches the check off.',
    source: 'the class "not sent" of every HTTP client',
    committed: 'no',
    steps: [{ do: 'act', act: { kind: 'open', door: 'expired' } }],
  },
  {
    name: 'dns',
    serverDoes: 'The name of the other address that is given does not exist.',
    clientDoes: 'It tries again later with the same token: nothing was sent.',
    source: 'the class "not sent" of every HTTP client',
    committed: 'no',
    steps: [{ do: 'act', act: { kind: 'open', door: 'noName' } }],
  },
];
