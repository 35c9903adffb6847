import { faultInEnglish } from '../../exports/errors.ts';
import { createPrivateKey, createPublicKey, generateKeyPairSync } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { registerClient, systemClock } from '../../exports/index.ts';
import type { ClientRegistration, Deployment } from '../../exports/index.ts';
import { suiteBrowserOf } from './fapi-browser.ts';
import type { SuiteBrowser } from './fapi-browser.ts';
import { createSelfSigned } from './self-signed.ts';

/** A client of the demo, in the form that conformance suites read, with the private key of its assertions or its certificate. */
export type SuiteClient = {
  readonly client_id: string;
  readonly scope: string;
  readonly redirect_uri: string;
  readonly dpop_signing_alg: string;
  readonly jwks: { readonly keys: readonly Readonly<Record<string, unknown>>[] };
};

/** A certificate and its private key, in PEM. */
type SuiteCertificate = { readonly cert: string; readonly key: string };

/** What a suite is configured with: where the server is, two clients, a certificate for each, and what its browser does. */
export type SuiteFile = SuiteBrowser & {
  readonly alias: string;
  readonly server: { readonly discoveryUrl: string };
  readonly resource: { readonly resourceUrl: string };
  readonly client: SuiteClient;
  readonly client2: SuiteClient;
  readonly mtls: SuiteCertificate;
  readonly mtls2: SuiteCertificate;
};

/** How the clients of a file authenticate, and what they must bind their tokens to; absent for either. */
type SuiteKind = {
  readonly clientAuthentication: 'private_key_jwt' | 'self_signed_tls_client_auth';
  readonly senderConstraint?: 'dpop';
};

/** The files. A client that shows its certificate anyway must be held to proofs, else its tokens are bound without one. */
const SUITE_FILES: Readonly<Record<string, SuiteKind>> = {
  'fapi.json': { clientAuthentication: 'private_key_jwt' },
  'fapi-mtls.json': { clientAuthentication: 'self_signed_tls_client_auth' },
  'fapi-mtls-dpop.json': { clientAuthentication: 'self_signed_tls_client_auth', senderConstraint: 'dpop' },
};

/** Where the suite of the OpenID Foundation is, when it runs on this machine. */
export const SUITE_REDIRECT_URI = 'https://localhost:8443/test/a/keyfob/callback';
/** What that suite adds to the redirect URI of its second client. */
const SECOND_QUERY = 'dummy1=lorem&dummy2=ipsum';
const SCOPE = 'read_vin read_odometer';

/** What the files say of the server. */
type SuiteServer = {
  readonly issuer: string;
  readonly discoveryUrl: string;
  readonly resourceUrl: string;
  readonly redirectUri: string;
};

/**
 * Writes a file for each kind of clients (mode 0600), with the clients that the file has as long as the store knows them
 * and their redirect URIs are the wanted ones, and else with new clients.
 */
export const writeSuiteFiles = async (
  deployment: Deployment,
  folder: string,
  about: SuiteServer,
): Promise<readonly (SuiteFile & { readonly path: string })[]> => {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const written: (SuiteFile & { readonly path: string })[] = [];
  for (const [name, kind] of Object.entries(SUITE_FILES)) {
    const path = join(folder, name);
    const file: SuiteFile = {
      alias: 'keyfob',
      server: { discoveryUrl: about.discoveryUrl },
      resource: { resourceUrl: about.resourceUrl },
      ...((await readPairs(deployment, path, about.redirectUri)) ??
        (await makePairs(deployment, kind, about.redirectUri))),
      ...suiteBrowserOf(about.issuer, about.redirectUri),
    };
    writeFileSync(path, `${JSON.stringify(file, null, 2)}\n`, { mode: 0o600 });
    written.push({ ...file, path });
  }
  return written;
};

type Pairs = Pick<SuiteFile, 'client' | 'client2' | 'mtls' | 'mtls2'>;

const redirectUrisOf = (redirectUri: string): readonly [string, string] => [
  redirectUri,
  `${redirectUri}${redirectUri.includes('?') ? '&' : '?'}${SECOND_QUERY}`,
];

/** What a file of an earlier start has, if it still fits. */
const readPairs = async (
  { store }: Deployment,
  path: string,
  redirectUri: string,
): Promise<Pairs | undefined> => {
  const { client, client2, mtls, mtls2 } = readFile(path);
  if (client === undefined || client2 === undefined || mtls === undefined || mtls2 === undefined)
    return undefined;
  const [first, second] = redirectUrisOf(redirectUri);
  if (client.redirect_uri !== first || client2.redirect_uri !== second) return undefined;
  const readings = [await store.readClient(client.client_id), await store.readClient(client2.client_id)];
  return readings.every((reading) => reading.client !== undefined)
    ? { client, client2, mtls, mtls2 }
    : undefined;
};

const readFile = (path: string): Partial<SuiteFile> => {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as Partial<SuiteFile>;
  } catch {
    return {};
  }
};

const makePairs = async (deployment: Deployment, kind: SuiteKind, redirectUri: string): Promise<Pairs> => {
  const [first, second] = redirectUrisOf(redirectUri);
  const one = await makeClient(deployment, kind, {
    name: 'fapi-1',
    redirectUri: first,
    signsByElliptic: false,
  });
  // Both algorithms are tried. A client with a certificate has the key of that.
  const two = await makeClient(deployment, kind, {
    name: 'fapi-2',
    redirectUri: second,
    signsByElliptic: kind.clientAuthentication === 'private_key_jwt',
  });
  return { client: one.client, mtls: one.certificate, client2: two.client, mtls2: two.certificate };
};

const makeClient = async (
  deployment: Deployment,
  kind: SuiteKind,
  {
    name,
    redirectUri,
    signsByElliptic,
  }: { readonly name: string; readonly redirectUri: string; readonly signsByElliptic: boolean },
): Promise<{ readonly client: SuiteClient; readonly certificate: SuiteCertificate }> => {
  const certificate = createSelfSigned([`${name}.example`], systemClock());
  const { key, algorithm } = signsByElliptic
    ? { key: generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey, algorithm: 'ES256' }
    : { key: createPrivateKey(certificate.key), algorithm: 'PS256' };
  const jwksOf = (one: KeyObject) => ({
    keys: [{ ...one.export({ format: 'jwk' }), kid: name, alg: algorithm, use: 'sig' }],
  });
  const wanted: ClientRegistration = {
    dialect: 'oauth',
    name,
    redirectUris: [redirectUri],
    jwks: jwksOf(createPublicKey(key)),
    policy: {
      profile: 'fapi2',
      ...kind,
      simulatedOwners: true,
      grantScope: SCOPE,
      clientCredentials: true,
      clientCredentialsScope: SCOPE,
      // Suites do not write the type of RFC 10070 yet.
      untypedAssertions: true,
    },
  };
  const registered = await registerClient(deployment, wanted);
  if (registered.outcome === 'invalid') throw new Error(registered.faults.map(faultInEnglish).join('; '));
  const client = {
    client_id: registered.client.id,
    scope: SCOPE,
    redirect_uri: redirectUri,
    dpop_signing_alg: algorithm,
    jwks: jwksOf(key),
  };
  return { client, certificate };
};
