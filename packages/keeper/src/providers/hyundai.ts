import { clientOf } from './clients.ts';
import type { Client, ClientOptions } from './clients.ts';
import { defineProvider } from './provider.ts';

/**
 * The older API of Hyundai and Kia (Korea): a refresh token that stays for a year and is only in the answer to a code, and
 * flat errors. Which code stands for a dead token is not documented. The vendor lists `redirect_uri` for a refresh too: give
 * yours as a difference, `constants: { redirect_uri: '...' }`.
 */
export const HYUNDAI = defineProvider({
  name: 'hyundai',
  url: 'https://prd.kr-ccapi.hyundai.com/api/v1/user/oauth2/token',
  refusal: { code: 'errCode' },
  codes: {
    '4002': 'unclear',
    '4003': 'unclear',
    '4010': 'unclear',
    '4011': 'unclear',
    '4012': 'sharing_withdrawn',
    '4081': 'ambiguous',
    '5001': 'ambiguous',
    '9999': 'ambiguous',
  },
  consent: { url: 'https://prd.kr-ccapi.hyundai.com/api/v1/user/oauth2/authorize' },
  lifetimes: { accessSeconds: 24 * 3600, refreshSeconds: 365 * 86_400 },
  repeats: { kind: 'free' },
});

/** A client of the older API of Hyundai and Kia. */
export const hyundai = (options: ClientOptions): Client => clientOf(HYUNDAI, options);
