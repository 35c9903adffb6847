import { SECRET_CHOICES } from '../../clients/methods/none.ts';
import { clientCredentials } from '../../grant-types/client-credentials.ts';
import type { Dialect } from '../dialect.ts';
import { defineWire } from '../oauth/define-wire.ts';
import { teslaRefusals } from './refusals.ts';
import { teslaScopes } from './scopes.ts';

const HOUR = 3600;
const DAY = 86_400;

/** The page has no secret among the parameters of a refresh, and programs send none. */
const REFRESH_SECRET = 'refreshSecret';

/**
 * Tesla's Fleet API: https://developer.tesla.com/docs/fleet-api/authentication/third-party-tokens. Its `audience` is accepted and
 * ignored, because this server stands for one region.
 */
export const tesla: Dialect = defineWire({
  name: 'tesla',
  title: 'Tesla',
  purpose: "OAuth 2.0 as Tesla's Fleet API speaks it.",
  paths: { authorization: '/oauth2/v3/authorize', token: '/oauth2/v3/token' },
  pathPrefix: '/oauth2/v3/',
  // The page has a form; programs of the older API send JSON to the same endpoint.
  bodies: ['form', 'json'],
  exampleCredentials: 'body',
  // A partner token: the page "Partner tokens".
  moreGrantTypes: [clientCredentials.grantType],
  refreshSecretOption: REFRESH_SECRET,
  options: {
    [REFRESH_SECRET]: {
      choices: SECRET_CHOICES,
      help: 'whether a confidential client must send its secret when it refreshes, as RFC 6749 says',
    },
  },
  authorizationRules: {
    locale: { purpose: 'Accepted and ignored.', maxCharacters: 35 },
    prompt: { purpose: 'Accepted and ignored: an owner is always asked.', maxCharacters: 32 },
    nonce: { purpose: 'Accepted and ignored: there are no ID tokens.', maxCharacters: 255 },
  },
  scopes: teslaScopes,
  protocolScopes: ['openid', 'offline_access', 'email'],
  refusals: teslaRefusals,
  policy: {
    accessTokenLifetimeSeconds: 8 * HOUR,
    // "3 months" on the page.
    refreshTokenLifetimeSeconds: 90 * DAY,
    // A refresh token works once, and the last used one for up to 24 hours.
    rotation: 'until-used',
    untilUsedSeconds: DAY,
    dialectOptions: { [REFRESH_SECRET]: SECRET_CHOICES[0] },
  },
  sandbox: {
    purpose: 'Tesla as documented: the refresh token that was used last works for up to 24 hours.',
    variants: {
      strict: {
        purpose: 'Tesla without the 24 hours: a used token is dead at once.',
        policy: { rotation: 'strict' },
      },
      unrotated: {
        purpose: 'Tesla as an older host of it was: the refresh token stays.',
        policy: { rotation: 'none' },
      },
    },
  },
});
