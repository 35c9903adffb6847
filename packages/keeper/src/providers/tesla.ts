import { clientOf } from './clients.ts';
import type { Client, ClientOptions } from './clients.ts';
import { defineProvider } from './provider.ts';

/** Tesla Fleet API: the refresh token used last stays valid for up to 24 hours. */
export const TESLA = defineProvider({
  name: 'tesla',
  url: 'https://fleet-auth.prd.vn.cloud.tesla.com/oauth2/v3/token',
  credentials: 'body',
  fields: {
    grantType: 'grant_type',
    refreshToken: 'refresh_token',
    clientId: 'client_id',
    clientSecret: 'client_secret',
  },
  consent: {
    url: 'https://auth.tesla.com/oauth2/v3/authorize',
    // The API of the owner's region: elsewhere it is given as a difference.
    code: { constants: { audience: 'https://fleet-api.prd.na.vn.cloud.tesla.com' } },
  },
  lifetimes: { accessSeconds: 8 * 3600, refreshSeconds: 90 * 86_400 },
  repeats: { kind: 'overlap', seconds: 24 * 3600 },
});

/** A client of Tesla's Fleet API. */
export const tesla = (options: ClientOptions): Client => clientOf(TESLA, options);
