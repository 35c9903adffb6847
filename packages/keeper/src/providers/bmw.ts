import { clientOf } from './clients.ts';
import type { Client, ClientOptions } from './clients.ts';
import { defineProvider } from './provider.ts';

/**
 * BMW CarData: clients that have an id alone, and owners who consent on a device, so the first pair comes from `put`. A dead
 * token is answered with the sentence of any wrong request. Whether a used one works again is not known.
 */
export const BMW = defineProvider({
  name: 'bmw',
  url: 'https://customer.bmwgroup.com/gcdm/oauth/token',
  credentials: 'none',
  codes: { invalid_request: 'unclear' },
  lifetimes: { accessSeconds: 3599, refreshSeconds: 14 * 86_400 },
});

/** A client of BMW CarData. It has no secret. */
export const bmw = (options: Omit<ClientOptions, 'clientSecret'>): Client => clientOf(BMW, options);
