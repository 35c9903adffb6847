import { readOAuthTokens, writeOAuthError } from '../oauth/sandbox.ts';
import type { SandboxFacts, SandboxPlace } from '../sandbox-facts.ts';
import { headersOf } from './headers.ts';

const credentials = ({ client }: SandboxPlace): Readonly<Record<string, string>> => ({
  SMARTCAR_CLIENT_ID: client.clientId,
  SMARTCAR_CLIENT_SECRET: client.clientSecret,
  SMARTCAR_REDIRECT_URI: client.redirectUris[0] ?? '',
});

/** What the sandbox needs to play Smartcar: the variables are those of the vendor's own SDKs. */
export const sandbox: SandboxFacts = {
  purpose: 'Smartcar as documented: a used token may be repeated for 1 minute.',
  variants: {
    strict: {
      purpose: 'Smartcar without the minute: a used token is dead at once.',
      policy: { rotation: 'strict', overlapSeconds: 0 },
    },
    'until-used': {
      purpose: 'Smartcar, and a used token works until its successor is used.',
      policy: { rotation: 'until-used' },
    },
    jwt: {
      purpose: 'Smartcar with access tokens that are JWTs, and so depend on the clock of their reader.',
      policy: { accessTokenFormat: 'jwt' },
    },
  },
  environments: {
    'smartcar-node': (place) => ({
      SMARTCAR_AUTH_ORIGIN: place.url,
      SMARTCAR_API_ORIGIN: place.url,
      ...credentials(place),
    }),
    // This SDK posts to its value as it is, and reads it when it is imported.
    'smartcar-python': (place) => ({
      SMARTCAR_AUTH_ORIGIN: `${place.url}/oauth/token`,
      SMARTCAR_CONNECT_ORIGIN: `${place.url}/oauth/authorize`,
      SMARTCAR_API_ORIGIN: place.url,
      ...credentials(place),
    }),
    'smartcar-java': (place) => ({
      SMARTCAR_AUTH_ORIGIN: place.url,
      SMARTCAR_CONNECT_ORIGIN: place.url,
      ...credentials(place),
    }),
    'smartcar-ruby': (place) => ({
      SMARTCAR_AUTH_ORIGIN: place.url,
      SMARTCAR_CONNECT_ORIGIN: place.url,
      SMARTCAR_VEHICLE_API_ORIGIN: place.url,
      ...credentials(place),
    }),
  },
  readTokens: readOAuthTokens,
  renderError: writeOAuthError(headersOf),
};
