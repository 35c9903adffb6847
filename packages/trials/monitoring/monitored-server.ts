import assert from 'node:assert/strict';
import { createAuthorizationServer } from '@keyfob/server';
import type { AuthorizationServer, Settings } from '@keyfob/server';
import { LOOPBACK } from '../support/keyfob-process.ts';
import { makeClient, makeGrant } from '../support/make-client.ts';
import { directoryFor } from '../support/test-directory.ts';
import type { Scope } from '../support/test-directory.ts';

const NO_LINES = { written: 0, dropped: 0, leftOut: 0 };
const OWNER = { address: '192.0.2.7', userAgent: 'trial/1' };

/** Who sends a request. */
export type Sender = { readonly address: string; readonly userAgent: string };

/** A server in this process with metrics, a client and what the client sends. */
export type MonitoredServer = {
  readonly server: AuthorizationServer;
  readonly adminUrl: string;
  /** Where Prometheus finds the metrics. */
  readonly target: string;
  readonly clientId: string;
  /** A new grant's first refresh token. */
  newToken(): Promise<string>;
  /** Sends a form to a path with the credentials of the client. */
  send(path: string, form: Readonly<Record<string, string>>, sender?: Sender): Promise<Answer>;
  refresh(token: string, sender?: Sender): Promise<Answer>;
};

export type Answer = { readonly status: number; readonly refreshToken: string };

/** Opens a server with an admin listener. Its client may use each token once. */
export const monitoredServerFor = async (scope: Scope, settings: Settings = {}): Promise<MonitoredServer> => {
  const server = await createAuthorizationServer(
    {
      publicUrl: 'https://auth.example',
      data: directoryFor(scope),
      adminPort: 0,
      egressAllowedRanges: LOOPBACK,
      ...settings,
    },
    // As `keyfob serve` does, which writes a log.
    { logLines: () => NO_LINES },
  );
  scope.after(() => server.close());
  const adminUrl = (await server.listenForAdmin()) ?? assert.fail('no admin listener');
  const { client, clientSecret } = await makeClient(server.deployment, {
    dialect: 'smartcar',
    name: '',
    policy: { rotation: 'strict', overlapSeconds: 0, raceSeconds: 0 },
  });
  const authorization = `Basic ${Buffer.from(`${client.id}:${clientSecret}`).toString('base64')}`;
  const send: MonitoredServer['send'] = async (path, form, { address, userAgent } = OWNER) => {
    const { status, body } = await server.respond(
      {
        method: 'POST',
        path,
        query: '',
        headers: {
          'content-type': 'application/x-www-form-urlencoded',
          authorization,
          host: 'auth.example',
          'user-agent': userAgent,
        },
        body: Buffer.from(new URLSearchParams(form).toString()),
      },
      { address },
    );
    const { refresh_token: refreshToken = '' } =
      status === 200 && body !== '' ? (JSON.parse(body) as { refresh_token?: string }) : {};
    return { status, refreshToken };
  };
  return {
    server,
    adminUrl,
    target: new URL(adminUrl).host,
    clientId: client.id,
    async newToken() {
      const wanted = { clientId: client.id, subject: 'owner-1', scope: '', brand: undefined };
      const { tokens } = await makeGrant(server.deployment, wanted);
      return tokens.refreshToken ?? assert.fail('no refresh token');
    },
    send,
    refresh: (token, sender) =>
      send('/oauth/token', { grant_type: 'refresh_token', refresh_token: token }, sender),
  };
};
