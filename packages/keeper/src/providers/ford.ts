import { clientOf } from './clients.ts';
import type { Client, ClientOptions } from './clients.ts';
import { defineProvider } from './provider.ts';

/**
 * Ford, on Azure AD B2C: access for twenty minutes. How long a refresh token lives is what its users report; whether a
 * used one works again is not known, so it counts as dead at once.
 */
export const FORD = defineProvider({
  name: 'ford',
  url: 'https://api.vehicle.ford.com/dah2vb2cprod.onmicrosoft.com/oauth2/v2.0/token?p=B2C_1A_FCON_AUTHORIZE',
  credentials: 'body',
  fields: {
    grantType: 'grant_type',
    refreshToken: 'refresh_token',
    clientId: 'client_id',
    clientSecret: 'client_secret',
  },
  consent: {
    url: 'https://api.vehicle.ford.com/dah2vb2cprod.onmicrosoft.com/oauth2/v2.0/authorize',
    constants: { p: 'B2C_1A_FCON_AUTHORIZE' },
  },
  lifetimes: { accessSeconds: 20 * 60, refreshSeconds: 90 * 86_400 },
});

/** A client of Ford. */
export const ford = (options: ClientOptions): Client => clientOf(FORD, options);
