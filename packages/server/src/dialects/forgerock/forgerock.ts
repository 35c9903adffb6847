import { deviceCode } from '../../grant-types/device-code.ts';
import type { Dialect } from '../dialect.ts';
import { defineWire } from '../oauth/define-wire.ts';
import { chosenRefusals, PENDING_STATUS, PENDING_STATUSES, refusals } from './refusals.ts';
import { forgerockScopes } from './scopes.ts';

const DAY = 86_400;

/**
 * ForgeRock Access Management, as BMW CarData has it: the device flow with PKCE, and clients that have an id alone. The vendor
 * answers an ID token besides, which this server cannot: it speaks no OpenID Connect.
 */
export const forgerock: Dialect = defineWire({
  name: 'forgerock',
  title: 'ForgeRock',
  purpose:
    'OAuth 2.0 as ForgeRock Access Management speaks it, at the paths and with the lifetimes of BMW CarData.',
  paths: {
    // The vendor has the device flow only. This path is ours.
    authorization: '/gcdm/oauth/authorize',
    token: '/gcdm/oauth/token',
    deviceAuthorization: '/gcdm/oauth/device/code',
  },
  pathPrefix: '/gcdm/oauth/',
  exampleCredentials: 'body',
  moreGrantTypes: [deviceCode.grantType],
  scopes: forgerockScopes,
  protocolScopes: ['authenticate_user', 'openid'],
  options: {
    [PENDING_STATUS]: {
      choices: PENDING_STATUSES,
      help: 'the status that a device gets while its owner has not decided; RFC 8628 says 400',
    },
  },
  refusals,
  chosenRefusals,
  members: {
    schemas: { gcid: { type: 'string', minLength: 1, description: 'The owner.' } },
    write: ({ subject }) => (subject === undefined ? {} : { gcid: subject }),
  },
  policy: {
    accessTokenLifetimeSeconds: 3599,
    refreshTokenLifetimeSeconds: 14 * DAY,
    rotation: 'strict',
    deviceFlow: true,
    dialectOptions: { [PENDING_STATUS]: PENDING_STATUSES[0] },
  },
  sandbox: {
    purpose:
      'ForgeRock with the lifetimes of BMW CarData: clients without a secret, and a used token is dead at once.',
    clientType: 'public',
    variants: {
      overlap: {
        purpose: 'ForgeRock where a used token may be repeated for 1 minute.',
        policy: { rotation: 'overlap', overlapSeconds: 60 },
      },
    },
  },
});
