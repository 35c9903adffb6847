/** oauth4webapi. */
import * as oauth from 'oauth4webapi';
import { answerNeed } from './token-file.ts';

const { env } = process;
const server = { issuer: env['KEYFOB_URL'] ?? '', token_endpoint: env['KEYFOB_TOKEN_URL'] ?? '' };
const client = { client_id: env['KEYFOB_CLIENT_ID'] ?? '' };
const authentication = oauth.ClientSecretBasic(env['KEYFOB_CLIENT_SECRET'] ?? '');

await answerNeed(
  async (held) => {
    const options = { [oauth.allowInsecureRequests]: true } as const;
    const response = await oauth.refreshTokenGrantRequest(server, client, authentication, held, options);
    const tokens = await oauth.processRefreshTokenResponse(server, client, response);
    return {
      accessToken: tokens.access_token,
      refreshToken: tokens.refresh_token,
      seconds: tokens.expires_in,
    };
  },
  (error) => error instanceof oauth.ResponseBodyError && error.error === 'invalid_grant',
);
