import { generateKeyPairSync } from 'node:crypto';
import { once } from 'node:events';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:https';
import type { Server, ServerOptions } from 'node:https';
import { join, resolve } from 'node:path';
import {
  createAuthorizationServer,
  DEMO_RESOURCE_PATH,
  registerClient,
  systemClock,
} from '../exports/index.ts';
import type { AuthorizationServer, Config, Deployment, Emit } from '../exports/index.ts';
import { alignColumns } from './output.ts';
import type { Report } from './output.ts';
import { createSelfSigned } from './self-signed.ts';

/** A client of the demo with its private key, in the form that conformance suites read. */
type DemoClient = {
  readonly client_id: string;
  readonly scope: string;
  readonly redirect_uri: string;
  readonly jwks: { readonly keys: readonly Readonly<Record<string, unknown>>[] };
};

/** A server that is ready to be certified, and what it says of itself. */
export type FapiDemo = {
  readonly report: Report;
  close(): Promise<void>;
};

/** The redirect URIs of both clients, as the suite of the OpenID Foundation uses them when it runs on this machine. */
const REDIRECT_URIS = [
  'https://localhost:8443/test/a/keyfob/callback',
  'https://localhost:8443/test/a/keyfob/callback?dummy1=lorem&dummy2=ipsum',
];
const SCOPE = 'read_vin read_odometer';

/**
 * Serves over TLS with two clients of the profile fapi2 that have different keys, simulated owners, and a protected
 * resource at `/demo/resource`. The port after the usual one asks for client certificates. The keys of the clients are in
 * `fapi.json` of the folder `demo` (mode 0600). Throws `OperatorError`.
 */
export const serveFapiDemo = async (
  config: Config,
  emit: Emit,
  tlsFiles: { readonly cert?: string | undefined; readonly key?: string | undefined },
): Promise<FapiDemo> => {
  const { port } = config;
  const issuer = config.publicUrl ?? `https://localhost:${port}`;
  const server = await createAuthorizationServer(
    {
      ...config,
      publicUrl: issuer,
      demo: true,
      metadataDialect: 'oauth',
      requirePushedRequests: true,
      // A suite sends many wrong requests from one address.
      authenticationFailuresPerAddressMax: 0,
      authenticationFailuresPerClientMax: 0,
      ownerVisitsPerAddressMax: 0,
    },
    { emit },
  );
  const tls = readTls(tlsFiles, new URL(issuer).hostname);
  const listeners = await Promise.all([
    listenOn(server, tls, { host: config.host, port }),
    listenOn(
      server,
      { ...tls, requestCert: true, rejectUnauthorized: false },
      { host: config.host, port: port + 1 },
    ),
  ]);
  const file = join(resolve(config.data), 'demo', 'fapi.json');
  const clients = await ensureClients(server.deployment, file);
  const about = {
    issuer,
    discoveryUrl: `${issuer}/.well-known/oauth-authorization-server`,
    resourceUrl: `${issuer}${DEMO_RESOURCE_PATH}`,
    certificatePort: port + 1,
  };
  const [client, client2] = clients;
  const suite = {
    alias: 'keyfob',
    server: { discoveryUrl: about.discoveryUrl },
    resource: { resourceUrl: about.resourceUrl },
    client,
    client2,
  };
  writeFileSync(file, `${JSON.stringify(suite, null, 2)}\n`, { mode: 0o600 });
  return {
    report: {
      json: {
        event: 'listening',
        ...about,
        pid: process.pid,
        file,
        clients: clients.map(({ client_id: id }) => id),
      },
      text: describe(about, file, clients),
    },
    async close() {
      for (const listener of listeners) {
        listener.close();
        listener.closeAllConnections();
      }
      await server.close();
    },
  };
};

const describe = (
  about: {
    readonly issuer: string;
    readonly discoveryUrl: string;
    readonly resourceUrl: string;
    readonly certificatePort: number;
  },
  file: string,
  clients: readonly DemoClient[],
): string =>
  `${alignColumns([
    ['Keyfob serves FAPI 2.0 at', about.issuer],
    ['metadata', about.discoveryUrl],
    ['protected resource', about.resourceUrl],
    ['port for client certificates', String(about.certificatePort)],
    ...clients.map(({ client_id: id, redirect_uri: uri }) => ['client', `${id}, ${uri}`] as const),
    ['keys and configuration', file],
  ])}\n\nOwners are simulated: any of them signs in with one button, without scripts. Stop with Ctrl-C.`;

const readTls = (
  { cert, key }: { readonly cert?: string | undefined; readonly key?: string | undefined },
  host: string,
): ServerOptions =>
  cert === undefined || key === undefined
    ? createSelfSigned([...new Set([host, 'localhost', '127.0.0.1'])], systemClock())
    : { cert: readFileSync(cert), key: readFileSync(key) };

const listenOn = async (
  { handler }: AuthorizationServer,
  options: ServerOptions,
  address: { readonly host: string; readonly port: number },
): Promise<Server> => {
  const server = createServer({ minVersion: 'TLSv1.2', ...options }, handler);
  server.listen(address.port, address.host);
  await once(server, 'listening');
  return server;
};

/** The clients of the file as long as the store has them, else new ones. */
const ensureClients = async (deployment: Deployment, file: string): Promise<readonly DemoClient[]> => {
  mkdirSync(resolve(file, '..'), { recursive: true, mode: 0o700 });
  const stored = readClients(file);
  const known = await Promise.all(
    stored.map(async ({ client_id: id }) => (await deployment.store.readClient(id)).client !== undefined),
  );
  if (stored.length === REDIRECT_URIS.length && known.every(Boolean)) return stored;
  return Promise.all(REDIRECT_URIS.map((uri, index) => makeClient(deployment, uri, `fapi-${index + 1}`)));
};

const readClients = (file: string): readonly DemoClient[] => {
  try {
    const { client, client2 } = JSON.parse(readFileSync(file, 'utf8')) as Record<string, DemoClient>;
    return [client, client2].flatMap((one) => one ?? []);
  } catch {
    return [];
  }
};

const makeClient = async (deployment: Deployment, redirectUri: string, kid: string): Promise<DemoClient> => {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const about = { kid, alg: 'ES256', use: 'sig' };
  const registered = await registerClient(deployment, {
    dialect: 'oauth',
    name: kid,
    redirectUris: [redirectUri],
    jwks: { keys: [{ ...publicKey.export({ format: 'jwk' }), ...about }] },
    // Suites do not write the type of RFC 10070 yet.
    policy: { profile: 'fapi2', simulatedOwners: true, untypedAssertions: true, grantScope: SCOPE },
  });
  if (registered.outcome === 'invalid') throw new Error(registered.faults.join('; '));
  return {
    client_id: registered.client.id,
    scope: SCOPE,
    redirect_uri: redirectUri,
    jwks: { keys: [{ ...privateKey.export({ format: 'jwk' }), ...about }] },
  };
};
