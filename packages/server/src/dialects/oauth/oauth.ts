import { CLIENT_TYPES } from '../../clients/client.ts';
import type { Dialect } from '../dialect.ts';
import { oauthHeaders, renderOAuthError } from './answers.ts';
import { oauthAuthorize } from './authorize.ts';
import { examples } from './examples.ts';
import { oauthRefusals } from './refusals.ts';
import { oauthShapes } from './shapes.ts';
import { createTokenRequestParser } from './token-requests.ts';

const DAY = 86_400;

const parse = createTokenRequestParser({
  methods: ['client_secret_basic', 'client_secret_post', 'none'],
  codeShape: oauthShapes.code,
  requiresRedirectUri: false,
});

/** OAuth 2.0 as the RFCs have it (RFC 6749, RFC 9700), for a platform without an API of its own. */
export const oauth: Dialect = {
  name: 'oauth',
  title: 'OAuth 2.0',
  clientTypes: CLIENT_TYPES,
  brands: [],
  examples,
  authorization: oauthAuthorize,
  pathPrefix: '/token/',
  tokenEndpoints: { '/token': parse },
  shapes: oauthShapes,
  defaultPolicy: {
    refreshTokenLifetimeSeconds: 60 * DAY,
    accessTokenLifetimeSeconds: 3600,
    rotation: 'overlap',
    overlapSeconds: 60,
    raceSeconds: 10,
    onReplay: 'revoke',
    grantLifetimeSeconds: null,
    resyncGenerations: 1024,
    requireUserAgent: false,
    tellRefreshExpiry: false,
    deadTokenCode: '4002',
    accessTokenFormat: 'opaque',
    clientCredentials: false,
  },
  renderAnswer: (answer, { tellRefreshExpiry }, exchange) => ({
    status: 200,
    headers: oauthHeaders(exchange),
    // RFC 6749 §5.1.
    body: JSON.stringify({
      access_token: answer.accessToken,
      token_type: 'Bearer',
      expires_in: answer.expiresInSeconds,
      refresh_token: answer.refreshToken,
      ...(tellRefreshExpiry && { refresh_token_expires_in: answer.refreshExpiresInSeconds }),
      ...(answer.scope !== '' && { scope: answer.scope }),
    }),
  }),
  renderRefusal: (refusal, _policy, exchange) =>
    renderOAuthError(oauthRefusals, refusal, oauthHeaders(exchange)),
};
