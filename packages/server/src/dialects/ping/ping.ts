import type { Dialect } from '../dialect.ts';
import { defineWire } from '../oauth/define-wire.ts';
import { pingRefusals } from './refusals.ts';
import { pingScopes } from './scopes.ts';

const DAY = 86_400;

/**
 * PingFederate, as Volvo has it: https://developer.volvocars.com/apis/docs/authorisation/. Polestar and Mercedes run the same
 * product; they do not publish their lifetimes.
 */
export const ping: Dialect = defineWire({
  name: 'ping',
  title: 'PingFederate',
  purpose: 'OAuth 2.0 as PingFederate speaks it, with the lifetimes of Volvo.',
  paths: { authorization: '/as/authorization.oauth2', token: '/as/token.oauth2' },
  pathPrefix: '/as/',
  scopes: pingScopes,
  // The last two are those of Polestar's programs.
  protocolScopes: [
    'openid',
    'offline_access',
    'profile',
    'email',
    'customer:attributes',
    'customer:attributes:write',
  ],
  refusals: pingRefusals,
  policy: {
    // "expires_in": 299 in answers of Volvo: home-assistant/core#179666.
    accessTokenLifetimeSeconds: 299,
    // The page of Volvo: a token that is not exchanged is valid for 7 days, an exchanged one is invalidated.
    refreshTokenLifetimeSeconds: 7 * DAY,
    rotation: 'strict',
    // The grant period of the page is 6 months: home-assistant/home-assistant.io#42515.
    grantLifetimeSeconds: 182 * DAY,
    // The page requires it of new applications.
    requirePkce: true,
  },
  sandbox: {
    purpose:
      'PingFederate with the lifetimes of Volvo: a used token is dead at once, and a grant after 6 months.',
    variants: {
      unrotated: {
        purpose: 'PingFederate without rotation: the refresh token stays, for a maker that does not say.',
        policy: { rotation: 'none' },
      },
    },
  },
});
