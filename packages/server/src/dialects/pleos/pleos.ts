import type { Dialect } from '../dialect.ts';
import { describePleos } from './description.ts';
import { PLEOS_BRANDS } from './brand.ts';
import { renderData, renderPleosRefusal, renderTokens } from './envelope.ts';
import { pleosLogin } from './authorize.ts';
import { DEAD_TOKEN_CODE, DEAD_TOKEN_CODES } from './refusals.ts';
import { examples } from './examples.ts';
import { sandbox } from './sandbox.ts';
import { ACCESS_TOKEN_LENGTH, pleosShapes } from './shapes.ts';
import { SHARED_DATA } from './shared-data.ts';
import { vehicleSelection } from './vehicle-selection.ts';
import { createVehicleRoutes } from './vehicles.ts';
import { endOfSharing } from './webhook-format.ts';
import { tokenEndpoints } from './token-requests.ts';

const DAY = 86_400;

/** The Pleos wire: JSON under `/v1`, with a `Brand` header. https://document.pleos.ai/en/api-reference/vehicle-data-api */
export const pleos: Dialect = {
  name: 'pleos',
  title: 'Pleos',
  // The wire requires a secret.
  clientTypes: ['confidential'],
  brands: PLEOS_BRANDS,
  // A grant covers everything that the vendor offers for the chosen vehicles.
  scopes: [],
  options: {
    [DEAD_TOKEN_CODE]: {
      choices: DEAD_TOKEN_CODES,
      help: 'the code that is answered for a dead refresh token',
    },
  },
  examples,
  sandbox,
  authorization: pleosLogin,
  sharedData: SHARED_DATA,
  createRoutes: createVehicleRoutes,
  vehicleSelection,
  webhookFormat: endOfSharing,
  describe: describePleos,
  pathPrefix: '/v1/',
  tokenEndpoints,
  shapes: pleosShapes,
  defaultPolicy: {
    refreshTokenLifetimeSeconds: 90 * DAY,
    accessTokenLifetimeSeconds: 3600,
    rotation: 'strict',
    overlapSeconds: 0,
    raceSeconds: 10,
    onReplay: 'revoke',
    onReplayAccessTokens: 'end',
    grantLifetimeSeconds: null,
    resyncGenerations: 1024,
    requireUserAgent: false,
    includeRefreshExpiry: false,
    dialectOptions: { [DEAD_TOKEN_CODE]: '4002' },
    clientAuthentication: 'both',
    accessTokenFormat: 'opaque',
    accessTokenLength: ACCESS_TOKEN_LENGTH,
    grantScope: '',
    simulatedOwners: false,
    requirePkce: false,
    clientCredentials: false,
  },
  renderAnswer: ({ accessToken, refreshToken, expiresInSeconds }, _policy, exchange) =>
    refreshToken === undefined
      ? renderData({ accessToken, tokenType: 'Bearer', expiresIn: expiresInSeconds }, exchange)
      : renderTokens(accessToken, refreshToken, exchange),
  renderRefusal: renderPleosRefusal,
};
