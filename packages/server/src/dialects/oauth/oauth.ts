import { CLIENT_TYPES } from '../../clients/client.ts';
import { joinReadScopes } from '../../clients/scopes.ts';
import type { Dialect } from '../dialect.ts';
import { describeOAuth } from './description.ts';
import { oauthHeaders, renderOAuthRefusal, writeTokens } from './answers.ts';
import { oauthAuthorize } from './authorize.ts';
import { createExamples } from './examples.ts';
import { readOAuthTokens, writeOAuthError } from './sandbox.ts';
import { oauthScopes } from './scopes.ts';
import { oauthShapes } from './shapes.ts';
import { sharedTokenEndpoints } from './shared-token-endpoint.ts';
import { createTokenEndpoint } from './token-requests.ts';

const DAY = 86_400;
const TOKEN_PATH = '/token';
const FOR_EVERY_DIALECT: ReadonlySet<string> = new Set([
  'client_credentials',
  'urn:ietf:params:oauth:grant-type:device_code',
]);

/** OAuth 2.0 as the RFCs have it (RFC 6749, RFC 9700), for a platform without an API of its own. */
export const oauth: Dialect = {
  name: 'oauth',
  title: 'OAuth 2.0',
  clientTypes: CLIENT_TYPES,
  brands: [],
  scopes: oauthScopes,
  examples: createExamples({ authorization: oauthAuthorize.path, token: TOKEN_PATH }),
  sandbox: {
    purpose: 'Plain OAuth 2.0 with rotation.',
    environments: {
      oauth: ({ url, client }) => ({
        OAUTH_ISSUER: url,
        OAUTH_CLIENT_ID: client.clientId,
        OAUTH_CLIENT_SECRET: client.clientSecret,
      }),
    },
    readTokens: readOAuthTokens,
    renderError: writeOAuthError(oauthHeaders),
  },
  authorization: oauthAuthorize,
  describe: describeOAuth,
  pathPrefix: '/token/',
  tokenEndpoints: {
    [TOKEN_PATH]: createTokenEndpoint({
      methods: ['client_secret_basic', 'client_secret_post', 'private_key_jwt', 'none'],
      serves: () => true,
      // As metadata promises them, where it names this endpoint.
      servesEveryDialect: (grantType) => FOR_EVERY_DIALECT.has(grantType),
      // OAuth 2.1 drops it: a verifier binds the code to its request.
      omittable: ['redirect_uri'],
    }),
    ...sharedTokenEndpoints,
  },
  shapes: oauthShapes,
  defaultPolicy: {
    refreshTokenLifetimeSeconds: 60 * DAY,
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
    grantScope: joinReadScopes(oauthScopes),
    simulatedOwners: false,
    requirePkce: true,
    clientCredentials: false,
  },
  renderAnswer: (answer, policy, exchange) => ({
    status: 200,
    headers: oauthHeaders(exchange),
    body: writeTokens(answer, policy),
  }),
  renderRefusal: (refusal, _policy, exchange) => renderOAuthRefusal(refusal, { exchange }),
};
