/** openid-client. */
import * as client from 'openid-client';
import { answerNeed } from './token-file.ts';

const { env } = process;
const url = env['KEYFOB_TOKEN_URL'] ?? '';
const config = new client.Configuration(
  { issuer: env['KEYFOB_URL'] ?? '', token_endpoint: url },
  env['KEYFOB_CLIENT_ID'] ?? '',
  undefined,
  client.ClientSecretBasic(env['KEYFOB_CLIENT_SECRET'] ?? ''),
);
client.allowInsecureRequests(config);

await answerNeed(
  async (held) => {
    const tokens = await client.refreshTokenGrant(config, held);
    return {
      accessToken: tokens.access_token,
      refreshToken: tokens.refresh_token,
      seconds: tokens.expires_in,
    };
  },
  (error) => error instanceof client.ResponseBodyError && error.error === 'invalid_grant',
);
