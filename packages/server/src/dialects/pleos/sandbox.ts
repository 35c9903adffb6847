import type { SandboxFacts } from '../sandbox-facts.ts';
import { renderPleosError } from './envelope.ts';

/** The vendor's code for each error of OAuth 2.0. */
const CODES: Readonly<Record<string, string>> = {
  invalid_request: '4002',
  invalid_grant: '4002',
  invalid_client: '401',
  unauthorized_client: '403',
  access_denied: '403',
  temporarily_unavailable: '5001',
  server_error: '5001',
};

/** What the sandbox needs to play Pleos. */
export const sandbox: SandboxFacts = {
  purpose: 'Pleos as documented: a used token is dead at once.',
  variants: {
    overlap: {
      purpose: 'Pleos where a used token may be repeated for 1 minute.',
      policy: { rotation: 'overlap', overlapSeconds: 60 },
    },
  },
  environments: {
    pleos: ({ url, client }) => ({
      PLEOS_BASE_URL: url,
      PLEOS_CLIENT_ID: client.clientId,
      PLEOS_CLIENT_SECRET: client.clientSecret,
    }),
  },
  readTokens: (answer) => {
    const { data } = answer as { readonly data?: Readonly<Record<string, string | undefined>> };
    return { accessToken: data?.['accessToken'], refreshToken: data?.['refreshToken'] };
  },
  renderError: ({ error, description }, exchange) =>
    renderPleosError(400, { code: CODES[error] ?? error, message: description, details: [] }, exchange),
};
