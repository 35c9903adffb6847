import type { Dialect } from '../dialect.ts';
import { defineWire } from '../oauth/define-wire.ts';
import { chosenRefusals, DEAD_TOKEN_ERR_CODE, DEAD_TOKEN_ERR_CODES, refusals } from './refusals.ts';
import { errorForm, REQUEST_ID } from './error-form.ts';

const DAY = 86_400;

/**
 * The older API of Hyundai and Kia, as its Korean host documents it: form and HTTP Basic, a refresh token that stays, and
 * flat errors. Kia's has the same paths. `redirect_uri` is a parameter of every request; a refresh does not need it here.
 */
export const ccapi: Dialect = defineWire({
  name: 'ccapi',
  title: 'Hyundai and Kia CCAPI',
  purpose: 'OAuth 2.0 as the older API of Hyundai and Kia speaks it.',
  // The wire requires a secret, in HTTP Basic.
  clientTypes: ['confidential'],
  methods: ['client_secret_basic'],
  paths: { authorization: '/api/v1/user/oauth2/authorize', token: '/api/v1/user/oauth2/token' },
  pathPrefix: '/api/v1/user/',
  hasNoScopeParameter: true,
  ending: { grantType: 'delete', tokenParameter: 'access_token' },
  omitsKeptRefreshToken: true,
  bindsTokens: false,
  options: {
    [DEAD_TOKEN_ERR_CODE]: {
      choices: DEAD_TOKEN_ERR_CODES,
      help: 'the errCode that is answered for a dead refresh token or code',
    },
  },
  refusals,
  chosenRefusals,
  errorForm,
  requestIdHeader: REQUEST_ID,
  policy: {
    // The text says 24 hours; the samples have 7200.
    accessTokenLifetimeSeconds: DAY,
    refreshTokenLifetimeSeconds: 365 * DAY,
    rotation: 'none',
    clientAuthentication: 'basic',
    dialectOptions: { [DEAD_TOKEN_ERR_CODE]: DEAD_TOKEN_ERR_CODES[0] },
  },
  sandbox: {
    purpose: 'CCAPI of Hyundai and Kia: a refresh token that stays for a year, and flat errors.',
    variants: {
      'short-lived': {
        purpose: 'CCAPI with access tokens of 2 hours, as the samples of its documentation have them.',
        policy: { accessTokenLifetimeSeconds: 7200 },
      },
    },
  },
});
