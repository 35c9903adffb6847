import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { createAuthorizationServer, DEMO_RESOURCE_PATH, systemClock } from '../../exports/index.ts';
import type { Config, Emit, Settings } from '../../exports/index.ts';
import { SUITE_REDIRECT_URI, writeSuiteFiles } from './fapi-clients.ts';
import { alignColumns } from '../command/output.ts';
import type { Report } from '../command/output.ts';
import { createSelfSigned } from './self-signed.ts';

/** A server that is ready to be certified, and what it says of itself. */
export type FapiDemo = {
  readonly report: Report;
  close(): Promise<void>;
};

/** What the suite of the OpenID Foundation looks for in the metadata of every server, also of one that has no ID tokens. */
const SUITE_METADATA = { id_token_signing_alg_values_supported: ['ES256'] };

/** What the operator of the demo may choose. */
export type FapiDemoOptions = {
  /** PEM file with the certificate chain of the server; a self-signed one where absent. */
  readonly tlsCert?: string | undefined;
  /** PEM file with its private key. */
  readonly tlsKey?: string | undefined;
  /** Of the clients; the second one adds a query, as suites do. */
  readonly redirectUri?: string | undefined;
};

/**
 * Serves over TLS with clients of the profile fapi2 that have different keys, simulated owners, and a protected resource at
 * `/demo/resource`. The port after the usual one asks for client certificates. What suites need to know, private keys
 * included, is in two files of the folder `demo` (mode 0600). Throws `OperatorError`.
 */
export const serveFapiDemo = async (
  config: Config,
  emit: Emit,
  options: FapiDemoOptions,
): Promise<FapiDemo> => {
  const folder = join(resolve(config.data), 'demo');
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const places = placesOf(config);
  const hosts = [places.publicUrl, places.mtlsPublicUrl].flatMap((url = '') =>
    URL.canParse(url) ? new URL(url).hostname : [],
  );
  const tls = readTls(folder, options, hosts);
  const { files, ...identity } = tls;
  const server = await createAuthorizationServer(
    {
      ...config,
      ...places,
      mtlsCertificateFile: files.cert,
      mtlsKeyFile: files.key,
      socket: undefined,
      demo: true,
      metadataDialect: 'oauth',
      requirePushedRequests: true,
      // A suite sends one assertion with several proofs, and some of its proofs without a nonce.
      requireProofNonces: false,
      // A suite sends many wrong requests from one address.
      authenticationFailuresPerAddressMax: 0,
      authenticationFailuresPerClientMax: 0,
      ownerVisitsPerAddressMax: 0,
    },
    { emit, tls: identity, moreMetadata: SUITE_METADATA },
  );
  const { mtlsUrl = '' } = await server.listen();
  const { publicUrl: issuer } = server;
  const about = {
    issuer,
    discoveryUrl: `${issuer}/.well-known/oauth-authorization-server`,
    // Where certificates are asked for. A proof needs none there.
    resourceUrl: `${places.mtlsPublicUrl ?? mtlsUrl}${DEMO_RESOURCE_PATH}`,
  };
  const redirectUri = options.redirectUri ?? SUITE_REDIRECT_URI;
  const suites = await writeSuiteFiles(server.deployment, folder, { ...about, redirectUri });
  const clients = suites.flatMap(({ client, client2 }) => [client.client_id, client2.client_id]);
  const paths = suites.map(({ path }) => path);
  return {
    report: {
      json: {
        event: 'listening',
        url: issuer,
        ...about,
        pid: process.pid,
        tlsCert: files.cert,
        files: paths,
        clients,
      },
      text: describe(about, paths),
    },
    close: () => server.close(),
  };
};

/** Where the listeners are. A free port is known late, and so is the issuer then. */
const placesOf = ({ port, publicUrl, mtlsPublicUrl }: Config): Settings => {
  if (port === 0) return { mtlsPort: 0 };
  const issuer = publicUrl ?? `https://localhost:${port}`;
  const { hostname } = new URL(issuer);
  return {
    publicUrl: issuer,
    mtlsPort: port + 1,
    mtlsPublicUrl: mtlsPublicUrl ?? `https://${hostname}:${port + 1}`,
  };
};

const describe = (
  about: { readonly issuer: string; readonly discoveryUrl: string; readonly resourceUrl: string },
  [signing = '', certified = '', proving = '']: readonly string[],
): string =>
  `${alignColumns([
    ['Keyfob serves FAPI 2.0 at', about.issuer],
    ['metadata', about.discoveryUrl],
    ['protected resource', about.resourceUrl],
    ['clients that sign assertions', signing],
    ['clients with certificates', certified],
    ['with certificates and proofs', proving],
  ])}\n\nOwners are simulated: any of them signs in with one button, without scripts. Stop with Ctrl-C.`;

type Tls = {
  readonly cert: string;
  readonly key: string;
  readonly files: { readonly cert: string; readonly key: string };
};

/** The identity of both listeners: the operator's, or a new one in the folder. */
const readTls = (folder: string, { tlsCert, tlsKey }: FapiDemoOptions, hosts: readonly string[]): Tls => {
  if (tlsCert !== undefined && tlsKey !== undefined) {
    const [cert, key] = [readFileSync(tlsCert, 'utf8'), readFileSync(tlsKey, 'utf8')];
    return { cert, key, files: { cert: tlsCert, key: tlsKey } };
  }
  const made = createSelfSigned([...new Set([...hosts, 'localhost', '127.0.0.1'])], systemClock());
  const files = { cert: join(folder, 'tls.crt'), key: join(folder, 'tls.key') };
  writeFileSync(files.cert, made.cert, { mode: 0o600 });
  writeFileSync(files.key, made.key, { mode: 0o600 });
  return { ...made, files };
};
