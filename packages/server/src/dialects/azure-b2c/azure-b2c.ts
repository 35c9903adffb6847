import { toSeconds } from '../../clock.ts';
import type { Dialect } from '../dialect.ts';
import { defineWire } from '../oauth/define-wire.ts';
import { SECONDS } from '../../wire/route-description.ts';
import { azureB2cRefusals, describeRequest } from './refusals.ts';

const MINUTE = 60;
const DAY = 86_400;

/** The directory that Ford's programs send their requests to: marq24/ha-fordconnect-query#37. */
const DIRECTORY = '/dah2vb2cprod.onmicrosoft.com';

/** The parameter that names the user flow. There is one here, so it is accepted and ignored. */
const USER_FLOW = { p: { purpose: 'The user flow; accepted and ignored.', maxCharacters: 128 } };

/**
 * Azure AD B2C, as Ford has it. https://learn.microsoft.com/azure/active-directory-b2c/authorization-code-flow. The user flow
 * is a parameter of the URL, `?p=`.
 */
export const azureB2c: Dialect = defineWire({
  name: 'azure-b2c',
  title: 'Azure AD B2C',
  purpose: 'OAuth 2.0 as Azure AD B2C speaks it, at the paths and with the lifetimes of Ford.',
  paths: {
    authorization: `${DIRECTORY}/oauth2/v2.0/authorize`,
    token: `${DIRECTORY}/oauth2/v2.0/token`,
  },
  pathPrefix: `${DIRECTORY}/`,
  exampleCredentials: 'body',
  authorizationRules: USER_FLOW,
  protocolScopes: ['openid', 'offline_access', 'profile'],
  refusals: azureB2cRefusals,
  describeRequest,
  members: {
    schemas: { not_before: SECONDS },
    write: (_tokens, _policy, { nowMs }) => ({ not_before: toSeconds(nowMs) }),
  },
  policy: {
    accessTokenLifetimeSeconds: 20 * MINUTE,
    refreshTokenLifetimeSeconds: 90 * DAY,
    rotation: 'strict',
    includeRefreshExpiry: true,
  },
  sandbox: {
    purpose:
      'Azure AD B2C with the lifetimes of Ford. What it does with a used token is not known: it is dead at once.',
    variants: {
      overlap: {
        purpose: 'Azure AD B2C where a used token may be repeated for 1 minute.',
        policy: { rotation: 'overlap', overlapSeconds: 60 },
      },
    },
  },
});
