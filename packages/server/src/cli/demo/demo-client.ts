import { createGrant, demoCallbackPath, registerClient } from '../../exports/index.ts';
import type { Deployment } from '../../exports/index.ts';
import { digestSecret, faultOfRedirectUri, findSecret } from '../../exports/clients.ts';
import { dialectOf } from '../../exports/dialects.ts';
import type { Dialect } from '../../exports/dialects.ts';
import { readNow, standingOf } from '../../exports/grants.ts';
import { readGrantId, sealRefreshToken, writeGrantId } from '../../exports/tokens.ts';
import type { GrantId } from '../../exports/tokens.ts';

/** What the demo stores of the client and the grant of one dialect. */
export type StoredDemoClient = {
  readonly clientId: string;
  readonly clientSecret: string;
  readonly grantId: string;
};

/** Where owners return to a demo client: a page of this server. Without its port, until the server listens. */
const callbackBefore = (dialect: string): string => `http://127.0.0.1${demoCallbackPath(dialect)}`;

/**
 * The redirect URI of a demo client, below the public URL, or, where that is plain HTTP and no address of this machine, on
 * this machine.
 */
export const callbackOf = (dialect: string, { url, publicUrl }: DemoAddresses): string => {
  const callback = `${publicUrl}${demoCallbackPath(dialect)}`;
  if (faultOfRedirectUri(callback) === undefined) return callback;
  return `http://127.0.0.1:${new URL(url).port}${demoCallbackPath(dialect)}`;
};

/** Where the server listens, and its public URL. */
export type DemoAddresses = { readonly url: string; readonly publicUrl: string };

/** Registers where owners return to a demo client. Throws `StoreError`. */
export const registerCallback = async (
  { store }: Deployment,
  { clientId }: StoredDemoClient,
  redirectUri: string,
): Promise<void> => {
  const { client } = await store.readClient(clientId);
  if (client?.redirectUris.includes(redirectUri) === false)
    await store.changeClient(clientId, { redirectUris: [redirectUri] });
};

/** The stored client and grant, or new ones in place of what no longer works. Throws `StoreError`. */
export const ensureDemoClient = async (
  deployment: Deployment,
  dialect: Dialect,
  stored: StoredDemoClient | undefined,
): Promise<StoredDemoClient> => {
  const credentials =
    stored !== undefined && (await isUsableClient(deployment, stored))
      ? stored
      : await registerDemoClient(deployment, dialect);
  if (credentials === stored && (await isActiveGrant(deployment, stored))) return stored;
  const { clientId, clientSecret } = credentials;
  const { brands, examples } = dialect;
  const scope = examples.demoScope;
  const wanted = { clientId, subject: 'demo-owner', scope, brand: brands[0] };
  const created = await createGrant(deployment, wanted);
  if (created.outcome !== 'created') throw new Error(`the demo grant was not created: ${created.outcome}`);
  return { clientId, clientSecret, grantId: writeGrantId(created.grant.id) };
};

/** The current refresh token of a demo grant; `undefined` where the grant or its key is gone. */
export const readDemoRefreshToken = async (
  { store, keyRing }: Deployment,
  id: GrantId,
): Promise<string | undefined> => {
  const grant = await store.readGrant(id);
  const key = grant === undefined ? undefined : keyRing.seal.find(grant.keyNumber);
  if (grant === undefined || key === undefined) return undefined;
  const { client } = await store.readClient(grant.clientId);
  if (client === undefined) return undefined;
  return sealRefreshToken(key, dialectOf(client).shapes.refreshToken, grant.id, grant.generation);
};

const registerDemoClient = async (
  deployment: Deployment,
  { name: dialect, vehicleSelection }: Dialect,
): Promise<Omit<StoredDemoClient, 'grantId'>> => {
  const grantScope = [...(deployment.scopes.get(dialect)?.keys() ?? [])].join(' ');
  // A person opens the printed link and pastes the printed command: neither has a verifier.
  const deviceFlow = vehicleSelection === undefined;
  const policy = { grantScope, simulatedOwners: true, requirePkce: false, deviceFlow };
  const wanted = { dialect, name: `${dialect} demo`, redirectUris: [callbackBefore(dialect)], policy };
  const registered = await registerClient(deployment, wanted);
  if (registered.outcome === 'invalid' || registered.clientSecret === undefined)
    throw new Error(`the demo client of ${dialect} was not registered`);
  return { clientId: registered.client.id, clientSecret: registered.clientSecret };
};

/** Whether the client is enabled and its stored secret is still valid. */
const isUsableClient = async (
  deployment: Deployment,
  { clientId, clientSecret }: StoredDemoClient,
): Promise<boolean> => {
  const { client } = await deployment.store.readClient(clientId);
  if (client === undefined || client.disabledAtMs !== undefined) return false;
  return findSecret(client.secrets, digestSecret(clientSecret), readNow(deployment)) !== undefined;
};

const isActiveGrant = async (
  deployment: Deployment,
  { clientId, grantId }: StoredDemoClient,
): Promise<boolean> => {
  const { store } = deployment;
  const { client } = await store.readClient(clientId);
  const grant = await store.readGrant(readGrantId(grantId) ?? 0n);
  if (client === undefined || grant === undefined) return false;
  const { status } = standingOf(grant, client.policy, readNow(deployment));
  return status === 'active' || status === 'in_doubt';
};
