import { CLIENT_TYPES } from '../../clients/client.ts';
import type { Policy } from '../../clients/policy.ts';
import type { TokenAnswer } from '../../grants/issue.ts';
import { uuidShape } from '../../tokens/shape.ts';
import type { Exchange } from '../../wire/exchange.ts';
import type { Dialect } from '../dialect.ts';
import { renderOAuthError } from '../oauth/answers.ts';
import { createTokenRequestParser } from '../oauth/token-requests.ts';
import { smartcarAuthorize } from './authorize.ts';
import { examples } from './examples.ts';
import { smartcarRefusals } from './refusals.ts';
import { createVehicleRoutes } from './vehicles.ts';

const DAY = 86_400;

const parse = createTokenRequestParser({
  methods: ['client_secret_basic', 'none'],
  codeShape: uuidShape,
  requiresRedirectUri: true,
});

const headersOf = ({ requestId }: Exchange) => ({
  'Content-Type': 'application/json',
  'Cache-Control': 'no-store',
  Pragma: 'no-cache',
  'SC-Request-Id': requestId,
});

/** Written as text, because tokens have no characters that JSON escapes. */
const writeAnswer = (answer: TokenAnswer, { tellRefreshExpiry }: Policy): string => {
  const expiry = tellRefreshExpiry ? `,"refresh_token_expires_in":${answer.refreshExpiresInSeconds}` : '';
  return `{"access_token":"${answer.accessToken}","token_type":"Bearer","expires_in":${answer.expiresInSeconds},"refresh_token":"${answer.refreshToken}"${expiry}}`;
};

/** Smartcar: `POST /oauth/token`, OAuth 2.0 form and JSON. https://smartcar.com/docs/api-reference/authorization/token-refresh */
export const smartcar: Dialect = {
  name: 'smartcar',
  title: 'Smartcar',
  clientTypes: CLIENT_TYPES,
  brands: [],
  examples,
  authorization: smartcarAuthorize,
  createRoutes: createVehicleRoutes,
  pathPrefix: '/',
  tokenEndpoints: { '/oauth/token': parse },
  shapes: { refreshToken: uuidShape, accessToken: uuidShape, code: uuidShape },
  defaultPolicy: {
    refreshTokenLifetimeSeconds: 60 * DAY,
    accessTokenLifetimeSeconds: 7200,
    rotation: 'overlap',
    overlapSeconds: 60,
    raceSeconds: 10,
    onReplay: 'revoke',
    grantLifetimeSeconds: null,
    resyncGenerations: 1024,
    requireUserAgent: true,
    tellRefreshExpiry: false,
    deadTokenCode: '4002',
    accessTokenFormat: 'opaque',
    clientCredentials: false,
  },
  renderAnswer: (answer, policy, exchange) => ({
    status: 200,
    headers: headersOf(exchange),
    body: writeAnswer(answer, policy),
  }),
  renderRefusal: (refusal, _policy, exchange) =>
    renderOAuthError(smartcarRefusals, refusal, headersOf(exchange)),
};
