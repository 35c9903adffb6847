import { CLIENT_TYPES } from '../../clients/client.ts';
import { joinReadScopes } from '../../clients/scopes.ts';
import { readScopeNames, smartcarAuthorize } from './authorize.ts';
import { examples } from './examples.ts';
import { uuidV4Shape } from '../../tokens/shape.ts';
import { renderOAuthError, writeTokens } from '../oauth/answers.ts';
import { createTokenEndpoint } from '../oauth/token-requests.ts';
import { createVehicleRoutes } from './vehicles.ts';
import { smartcarScopes } from './scopes.ts';
import { smartcarRefusals } from './refusals.ts';
import { headersOf } from './headers.ts';
import { sandbox } from './sandbox.ts';
import type { Dialect, TokenRequest } from '../dialect.ts';
import { describeSmartcar } from './description.ts';

const DAY = 86_400;
/** The vendor issues tokens for the client itself at another path, `/oauth2/token`. Clients that read metadata find one path only. */
const isForClientItself = (grantType: string): boolean => grantType === 'client_credentials';
/** Devices of every dialect get their tokens where metadata says. */
const servesEveryDialect = (grantType: string): boolean =>
  isForClientItself(grantType) || grantType === 'urn:ietf:params:oauth:grant-type:device_code';
/** The vendor's own, and those; a grant type that is new here is not served by itself. */
const GRANT_TYPES: ReadonlySet<string> = new Set(['authorization_code', 'refresh_token']);

const tokenEndpoint = createTokenEndpoint({
  methods: ['client_secret_basic', 'client_secret_post', 'private_key_jwt', 'none'],
  serves: (grantType) => GRANT_TYPES.has(grantType) || servesEveryDialect(grantType),
  servesEveryDialect,
  // The vendor's SDKs for Python and Ruby send none where only one is registered.
  omittable: ['redirect_uri'],
});

/** Libraries repeat the scope of the authorization request, with its prefixes, when they refresh. */
const withoutPrefixes = (request: TokenRequest): TokenRequest => {
  const scope = request.parameters.get('scope');
  if (scope === undefined) return request;
  const parameters = new Map(request.parameters);
  parameters.set('scope', readScopeNames(scope).join(' '));
  return { ...request, parameters };
};

/** Smartcar: `POST /oauth/token`, OAuth 2.0 form and JSON. https://smartcar.com/docs/api-reference/authorization/token-refresh */
export const smartcar: Dialect = {
  name: 'smartcar',
  title: 'Smartcar',
  clientTypes: CLIENT_TYPES,
  brands: [],
  scopes: smartcarScopes,
  // https://github.com/smartcar/android-sdk
  appScheme: (clientId) => `sc${clientId}`,
  examples,
  sandbox,
  authorization: smartcarAuthorize,
  createRoutes: createVehicleRoutes,
  describe: describeSmartcar,
  pathPrefix: '/',
  tokenEndpoints: {
    '/oauth/token': { ...tokenEndpoint, parse: (request) => withoutPrefixes(tokenEndpoint.parse(request)) },
  },
  shapes: { refreshToken: uuidV4Shape, accessToken: uuidV4Shape, code: uuidV4Shape },
  defaultPolicy: {
    refreshTokenLifetimeSeconds: 60 * DAY,
    accessTokenLifetimeSeconds: 7200,
    rotation: 'overlap',
    overlapSeconds: 60,
    raceSeconds: 10,
    onReplay: 'revoke',
    // The page: "Failure to do so will require the user to go through Connect again after the access token has expired."
    onReplayAccessTokens: 'expire',
    grantLifetimeSeconds: null,
    resyncGenerations: 1024,
    requireUserAgent: true,
    includeRefreshExpiry: false,
    clientAuthentication: 'both',
    accessTokenFormat: 'opaque',
    grantScope: joinReadScopes(smartcarScopes),
    simulatedOwners: false,
    requirePkce: false,
    clientCredentials: false,
  },
  renderAnswer: (answer, policy, exchange) => ({
    status: 200,
    headers: headersOf(exchange),
    body: writeTokens(answer, policy),
  }),
  renderRefusal: (refusal, _policy, exchange) =>
    renderOAuthError(
      // A grant type that the vendor does not have answers in the words of its RFC.
      {
        ...smartcarRefusals[refusal.reason],
        ...(refusal.reason === 'grant_type_specific' ? refusal.oauthError : undefined),
      },
      refusal,
      headersOf(exchange),
    ),
};
