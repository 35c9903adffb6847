import { CLIENT_TYPES } from '../../clients/client.ts';
import { Refusal } from '../../errors.ts';
import type { Policy } from '../../clients/policy.ts';
import type { TokenAnswer } from '../../grants/issue.ts';
import { smartcarAuthorize } from './authorize.ts';
import { examples } from './examples.ts';
import { isUuid, uuidShape } from '../../tokens/shape.ts';
import { oauthHeaders, renderOAuthError } from '../oauth/answers.ts';
import { createVehicleRoutes } from './vehicles.ts';
import { smartcarRefusals } from './refusals.ts';
import type { Dialect, TokenRequest } from '../dialect.ts';
import type { Exchange, WireRequest } from '../../wire/exchange.ts';
import { readClientCredentials } from '../../wire/client-credentials.ts';
import { readForm } from '../../wire/form.ts';
import { readIdempotencyKey, readMediaType } from '../../wire/headers.ts';

const FORM = 'application/x-www-form-urlencoded';
const DAY = 86_400;

const AUTHENTICATION_METHODS = ['client_secret_basic', 'none'] as const;

const parse = (request: WireRequest): TokenRequest => {
  if (readMediaType(request) !== FORM) throw new Refusal('content_type_wrong');
  const form = readForm(request.body);
  const credentials = readClientCredentials(request, form, AUTHENTICATION_METHODS);
  const idempotencyKey = readIdempotencyKey(request);
  return { credentials, brand: undefined, idempotencyKey, grant: parseGrant(form) };
};

const parseGrant = (form: ReadonlyMap<string, string>): TokenRequest['grant'] => {
  switch (form.get('grant_type')) {
    case undefined:
      throw new Refusal('grant_type_missing');
    case 'refresh_token': {
      const refreshToken = form.get('refresh_token');
      if (refreshToken === undefined) throw new Refusal('refresh_token_missing');
      return { type: 'refresh_token', refreshToken };
    }
    case 'authorization_code': {
      const code = form.get('code');
      if (code === undefined) throw new Refusal('code_missing');
      if (!isUuid(code)) throw new Refusal('code_malformed');
      const redirectUri = form.get('redirect_uri');
      if (redirectUri === undefined) throw new Refusal('redirect_uri_missing');
      return { type: 'authorization_code', code, redirectUri, codeVerifier: form.get('code_verifier') };
    }
    default:
      throw new Refusal('grant_type_unsupported');
  }
};

const headersOf = (exchange: Exchange) => {
  const { 'X-Request-Id': requestId, ...headers } = oauthHeaders(exchange);
  return { ...headers, 'SC-Request-Id': requestId };
};

/** As text: what a token is made of needs no escaping. */
const writeAnswer = (answer: TokenAnswer, { tellRefreshExpiry }: Policy): string => {
  const expiry = tellRefreshExpiry ? `,"refresh_token_expires_in":${answer.refreshExpiresInSeconds}` : '';
  return `{"access_token":"${answer.accessToken}","token_type":"Bearer","expires_in":${answer.expiresInSeconds},"refresh_token":"${answer.refreshToken}"${expiry}}`;
};

/** Smartcar's wire: `POST /oauth/token`, OAuth 2.0 form and JSON. https://smartcar.com/docs/api-reference/authorization/token-refresh */
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
