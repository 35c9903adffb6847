import { createServer } from 'node:http';
import type { ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Provider } from 'oidc-provider';
import type { ForeignFault, ForeignRequest, ForeignServer } from './foreign-server.ts';

const CREDENTIALS = { clientId: 'fleet', clientSecret: 'secret-of-the-fleet-of-cars' };

/**
 * An unmodified oidc-provider. Its refresh tokens rotate, and a used one ends all tokens of its grant. Answers are lost in
 * front of it.
 */
export const openOidcProvider = async (): Promise<
  Omit<ForeignServer, 'newGrant'> & { newGrant(): Promise<string> }
> => {
  const requests: ForeignRequest[] = [];
  const faults: ForeignFault[] = [];
  const serving: { handle?: ReturnType<Provider['callback']> } = {};
  const server = createServer((request, response) => {
    const fault = faults.shift() ?? 'none';
    const noted: ForeignRequest = {
      token: '',
      arrivedMs: performance.now(),
      endedMs: undefined,
      verdict: 'none',
      isAnswered: false,
    };
    requests.push(noted);
    response.on('finish', () => (noted.isAnswered = true));
    response.on('close', () => (noted.endedMs = performance.now()));
    if (fault === 'reset_before') return void request.socket.resetAndDestroy();
    if (fault === 'hang_before') return;
    spoilEnd(response, fault, (status) => (noted.verdict = status === 200 ? 'used' : 'refused'));
    void serving.handle?.(request, response);
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const provider = createProvider(origin);
  const newest = { grantId: '' };
  serving.handle = provider.callback();
  return {
    origin,
    credentials: CREDENTIALS,
    faults,
    requests,
    isGrantAlive: async () => (await provider.Grant.find(newest.grantId)) !== undefined,
    async newGrant() {
      const client = await provider.Client.find(CREDENTIALS.clientId);
      if (client === undefined) throw new Error('no client');
      const grant = new provider.Grant({ clientId: CREDENTIALS.clientId, accountId: 'owner' });
      grant.addOIDCScope('openid offline_access');
      const grantId = await grant.save();
      newest.grantId = grantId;
      const scope = 'openid offline_access';
      return new provider.RefreshToken({
        client,
        grantId,
        scope,
        accountId: 'owner',
        gty: 'authorization_code',
        authTime: Math.floor(Date.now() / 1000),
      }).save();
    },
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
};

/** The work is done when the answer ends; then it may be lost. */
const spoilEnd = (response: ServerResponse, fault: ForeignFault, onEnd: (status: number) => void): void => {
  const end = response.end.bind(response) as (body: string) => ServerResponse;
  response.end = ((body: string | Buffer) => {
    onEnd(response.statusCode);
    if (fault === 'none') return end(String(body ?? ''));
    if (fault === 'hang_after') return response;
    if (fault === 'half_after') response.write(String(body).slice(0, 20));
    response.socket?.resetAndDestroy();
    return response;
  }) as ServerResponse['end'];
};

const createProvider = (issuer: string): Provider =>
  new Provider(issuer, {
    clients: [
      {
        client_id: CREDENTIALS.clientId,
        client_secret: CREDENTIALS.clientSecret,
        redirect_uris: ['https://fleet.example/callback'],
        grant_types: ['authorization_code', 'refresh_token'],
        token_endpoint_auth_method: 'client_secret_basic',
      },
    ],
    cookies: { keys: ['cookies of the trial'] },
    features: { devInteractions: { enabled: false } },
    rotateRefreshToken: true,
    findAccount: (_context, accountId) => ({ accountId, claims: () => ({ sub: accountId }) }),
  });
