import { clientOf } from './clients.ts';
import type { Client, ClientOptions } from './clients.ts';
import { defineProvider } from './provider.ts';

/** Volvo: access for five minutes, a refresh token that dies after seven idle days, and the grant after six months. */
export const VOLVO = defineProvider({
  name: 'volvo',
  url: 'https://volvoid.eu.volvocars.com/as/token.oauth2',
  consent: { url: 'https://volvoid.eu.volvocars.com/as/authorization.oauth2', pkce: true },
  lifetimes: { accessSeconds: 299, refreshSeconds: 7 * 86_400, grantSeconds: 182 * 86_400 },
});

/** A client of Volvo. */
export const volvo = (options: ClientOptions): Client => clientOf(VOLVO, options);
