/** simple-oauth2. It sends no `User-Agent` of its own, and Smartcar requires one. */
import { AuthorizationCode } from 'simple-oauth2';
import { answerNeed } from './token-file.ts';

const { env } = process;
const client = new AuthorizationCode({
  client: { id: env['KEYFOB_CLIENT_ID'] ?? '', secret: env['KEYFOB_CLIENT_SECRET'] ?? '' },
  auth: { tokenHost: env['KEYFOB_URL'] ?? '', tokenPath: new URL(env['KEYFOB_TOKEN_URL'] ?? '').pathname },
  http: { headers: { 'User-Agent': 'subject/1.0' } },
});

await answerNeed(
  async (held) => {
    const { token } = await client.createToken({ refresh_token: held }).refresh();
    return {
      accessToken: token['access_token'],
      refreshToken: token['refresh_token'],
      seconds: token['expires_in'],
    };
  },
  (error) => (error as { data?: { payload?: { error?: string } } }).data?.payload?.error === 'invalid_grant',
);
