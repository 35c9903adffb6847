import { clientOf } from './clients.ts';
import type { Client, ClientOptions } from './clients.ts';
import { defineProvider } from './provider.ts';

/**
 * Smartcar, API v2: a used refresh token works for one more minute. Whether a repeat gets the same pair is not
 * documented, so both are expected. The User-Agent header is required.
 */
export const SMARTCAR = defineProvider({
  name: 'smartcar',
  url: 'https://auth.smartcar.com/oauth/token',
  consent: { url: 'https://connect.smartcar.com/oauth/authorize' },
  lifetimes: { accessSeconds: 7200, refreshSeconds: 60 * 86_400 },
  repeats: { kind: 'overlap', seconds: 60 },
  exchangeSeconds: 50,
});

/** Smartcar, API v3: one access token for the application, no refresh token. */
export const SMARTCAR_V3 = defineProvider({
  name: 'smartcar-v3',
  url: 'https://iam.smartcar.com/oauth2/token',
  grantType: 'client_credentials',
  fields: { grantType: 'grant_type' },
  lifetimes: { accessSeconds: 3600 },
  repeats: { kind: 'free' },
  exchangeSeconds: 30,
});

/** A client of Smartcar's API v2. */
export const smartcar = (options: ClientOptions): Client => clientOf(SMARTCAR, options);

/** A client of Smartcar's API v3: one access token for the application. */
export const smartcarV3 = (options: ClientOptions): Client => clientOf(SMARTCAR_V3, options);
