import { generateKeyPairSync } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Provider } from 'oidc-provider';
import { createMapAdapters } from './map-adapter.ts';
import { endWithParent } from './script-process.ts';

const DAY = 86_400;
/** Without `openid` the server does not sign an ID token. */
const SCOPE = process.argv[3] === 'openid' ? 'openid offline_access' : 'offline_access';
const ACCOUNT = 'owner';
const clientId = 'bench';
const clientSecret = 's'.repeat(43);
const grants = Number(process.argv[2]);

/** Configured like Keyfob: a client with HTTP Basic, a new refresh token at every refresh, opaque access tokens. */
const provider = new Provider('http://127.0.0.1', {
  adapter: createMapAdapters(),
  clients: [
    {
      client_id: clientId,
      client_secret: clientSecret,
      grant_types: ['authorization_code', 'refresh_token'],
      redirect_uris: ['https://client.example/callback'],
      token_endpoint_auth_method: 'client_secret_basic',
    },
  ],
  cookies: { keys: ['bench'] },
  features: { devInteractions: { enabled: false } },
  findAccount: (_context, sub) => ({ accountId: sub, claims: () => ({ sub }) }),
  jwks: {
    keys: [generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export({ format: 'jwk' })],
  },
  rotateRefreshToken: true,
  ttl: { AccessToken: 7200, RefreshToken: 60 * DAY, Grant: 60 * DAY },
});

const issueRefreshToken = async (): Promise<string> => {
  const client = await provider.Client.find(clientId);
  if (client === undefined) throw new Error('the client is missing');
  const grant = new provider.Grant({ clientId, accountId: ACCOUNT });
  grant.addOIDCScope(SCOPE);
  const grantId = await grant.save();
  const gty = 'authorization_code';
  return new provider.RefreshToken({ client, accountId: ACCOUNT, grantId, gty, scope: SCOPE }).save();
};

const refreshTokens: string[] = [];
while (refreshTokens.length < grants) refreshTokens.push(await issueRefreshToken());
const respond = provider.callback();
const server = createServer((request, response) => void respond(request, response));
endWithParent();
server.listen(0, '127.0.0.1', () => {
  const { port } = server.address() as AddressInfo;
  process.send?.({ port, clientId, clientSecret, refreshTokens });
});
