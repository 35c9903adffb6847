import { clientOf } from './clients.ts';
import type { Client, ClientOptions } from './clients.ts';
import { defineProvider } from './provider.ts';

/**
 * Pleos (Hyundai, Kia, Genesis): a refresh token works once, and nothing is an `invalid_grant`. Status 400 and a code
 * stand for a dead token and for a wrong secret alike, unless the details name the member.
 */
export const PLEOS = defineProvider({
  name: 'pleos',
  url: 'https://api.pleos.ai/v1/auth/token-refresh',
  body: 'json',
  credentials: 'body',
  fields: { clientId: 'clientId', clientSecret: 'clientSecret', refreshToken: 'refreshToken' },
  headers: { Brand: '{brand}' },
  exampleParams: { brand: 'genesis' },
  answer: { accessToken: 'data.accessToken', refreshToken: 'data.refreshToken', requestId: 'meta.requestId' },
  refusal: { code: 'error.code', field: 'error.details.0.field' },
  codes: {
    '401': 'unclear',
    '403': 'unclear',
    '404': 'client_rejected',
    '4002': 'unclear',
    '4011': 'unclear',
    '5001': 'ambiguous',
    '5006': 'sharing_withdrawn',
    '4101': 'sharing_withdrawn',
  },
  complaints: {
    refreshToken: 'grant_rejected',
    clientId: 'client_rejected',
    clientSecret: 'client_rejected',
    brand: 'bug',
    Brand: 'bug',
  },
  consent: {
    url: 'https://api.pleos.ai/v1/auth/login',
    fields: { clientId: 'clientId', redirectUri: 'redirectUrl', state: 'state' },
    constants: { brand: '{brand}' },
    code: {
      url: 'https://api.pleos.ai/v1/auth/token',
      fields: { code: 'code', redirectUri: 'redirectUrl' },
    },
  },
  accessRefusal: { status: 400, codes: ['4011', '401'] },
  lifetimes: { accessSeconds: 3600, refreshSeconds: 90 * 86_400 },
});

/** A client of Pleos. Every connection needs the parameter `brand`. */
export const pleos = (options: ClientOptions): Client => clientOf(PLEOS, options);
