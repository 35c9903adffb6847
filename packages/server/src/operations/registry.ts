import type { Deployment } from '../deployment/open.ts';
import { faultsOf } from '../clients/change.ts';
import type { Client, ClientSecret, ClientType } from '../clients/client.ts';
import { createClientId, createClientSecret, digestSecret } from '../clients/secret.ts';
import { toSeconds } from '../clock.ts';
import { DIALECTS, dialectOf, findDialect } from '../dialects/dialects.ts';
import type { Dialect } from '../dialects/dialect.ts';
import { OperatorError } from '../errors.ts';
import type { Grant } from '../grants/grant.ts';
import { issueTokens } from '../grants/issue.ts';
import type { TokenAnswer } from '../grants/issue.ts';
import type { Webhook } from '../outbox/webhook.ts';
import type { Randomness } from '../randomness.ts';
import type { GrantId } from '../tokens/grant-id.ts';
import { sealRefreshToken } from '../tokens/refresh-token.ts';
import { UsageError } from '../cli/output.ts';

/** A new secret and what is kept of it. */
export const makeSecret = (
  randomness: Randomness,
  { name, createdAt, expiresAt }: Pick<ClientSecret, 'name' | 'createdAt' | 'expiresAt'>,
): { readonly clientSecret: string; readonly secret: ClientSecret } => {
  const clientSecret = createClientSecret(randomness);
  const id = randomness.bytes(6).toString('hex');
  return {
    clientSecret,
    secret: { id, name, digest: digestSecret(clientSecret), createdAt, expiresAt, lastUsedAt: undefined },
  };
};

/** What a new client is to be; it starts with the policy of its dialect. */
export type NewClient = {
  /** The name of a dialect. */
  readonly dialect: string;
  readonly name: string;
  /** Integer milliseconds. */
  readonly nowMs: number;
  readonly redirectUris?: readonly string[];
  readonly consentRedirectUri?: string | undefined;
};

/** Registers a client with one secret, which is in nobody's hands but the caller's. */
export const createClient = async (
  deployment: Deployment,
  wanted: NewClient & { readonly type?: Exclude<ClientType, 'public'> },
): Promise<{ readonly client: Client; readonly clientSecret: string }> => {
  const first = { name: 'first', createdAt: toSeconds(wanted.nowMs), expiresAt: undefined };
  const { clientSecret, secret } = makeSecret(deployment.randomness, first);
  const { type = 'confidential' } = wanted;
  return { client: await register(deployment, wanted, { type, secrets: [secret] }), clientSecret };
};

/** Registers a client that has no secret. */
export const createPublicClient = (deployment: Deployment, wanted: NewClient): Promise<Client> =>
  register(deployment, wanted, { type: 'public', secrets: [] });

const register = async (
  { store, randomness }: Deployment,
  { dialect: dialectName, name, nowMs, redirectUris = [], consentRedirectUri }: NewClient,
  as: Pick<Client, 'type' | 'secrets'>,
): Promise<Client> => {
  const dialect = findDialect(dialectName);
  if (dialect === undefined)
    throw new UsageError(`unknown dialect ${dialectName}: use one of ${Object.keys(DIALECTS).join(', ')}`);
  const client: Client = {
    ...as,
    id: createClientId(randomness),
    dialect: dialectName,
    redirectUris: [...new Set(redirectUris)],
    consentRedirectUri,
    name,
    policy: dialect.defaultPolicy,
    createdAt: toSeconds(nowMs),
    disabledAt: undefined,
  };
  const faults = [...faultsOf(client), ...faultsOfType(client, dialect)];
  if (faults.length > 0) throw new UsageError(faults.join('; '));
  await store.createClient(client);
  return client;
};

const faultsOfType = ({ type }: Client, { name, clientTypes }: Dialect): readonly string[] =>
  clientTypes.includes(type)
    ? []
    : [
        `the ${name} dialect has ${clientTypes.join(' and ')} clients only: use type ${clientTypes.join(' or ')}`,
      ];

/** Creates a grant and issues its first pair of tokens. */
export const createGrant = async (
  deployment: Deployment,
  wanted: {
    readonly clientId: string;
    readonly subject: string;
    readonly scope: string;
    readonly brand: string | undefined;
    readonly nowMs: number;
  },
): Promise<Grant & { readonly tokens: TokenAnswer; readonly dialect: string }> => {
  const { store, keyRing, issuer, randomness } = deployment;
  const { clientId, subject, scope, brand, nowMs } = wanted;
  const client = await readClient(store, clientId);
  if (client.type === 'resource-server') {
    const remedy = 'Name a client of another type; see "keyfob client list".';
    throw new OperatorError(
      'client_not_permitted',
      `client ${clientId} is a resource server: it gets no tokens`,
      remedy,
    );
  }
  const grant: Grant = {
    id: randomness.bytes(8).readBigInt64BE(),
    clientId,
    subject,
    scope,
    brand,
    createdAt: toSeconds(nowMs),
    generation: 0,
    keyNumber: keyRing.newest.number,
    rotatedAtMs: [],
    rotatedBy: undefined,
    useDigest: undefined,
    revocation: undefined,
  };
  const outcome = await store.createGrant(grant);
  if (outcome === 'id_taken') return createGrant(deployment, wanted);
  if (outcome === 'client_unknown') throw unknownClient(clientId);
  const minting = { keyRing, nextSerial: () => 0, issuer };
  const tokens = await issueTokens(minting, dialectOf(client).shapes, grant, client.policy, nowMs);
  return { ...grant, tokens, dialect: client.dialect };
};

/** The client, or an error that says how to find the right id. */
export const readClient = async (store: Deployment['store'], id: string): Promise<Client> => {
  const { client } = await store.readClient(id);
  if (client === undefined) throw unknownClient(id);
  return client;
};

const unknownClient = (id: string): OperatorError =>
  new OperatorError('client_unknown', `there is no client ${id}`, 'See "keyfob client list".');

/** The grant, or an error that says how to find the right id. */
export const readGrant = async (
  store: Deployment['store'],
  id: GrantId | undefined,
  text: string,
): Promise<Grant> => {
  const grant = id === undefined ? undefined : await store.readGrant(id);
  if (grant !== undefined) return grant;
  throw new OperatorError('grant_unknown', `there is no grant ${text}`, 'See "keyfob grant list".');
};

/** The webhook, or an error that says how to find the right id. */
export const readWebhook = async (store: Deployment['store'], id: string): Promise<Webhook> => {
  const found = (await store.listWebhooks()).find((one) => one.id === id);
  if (found !== undefined) return found;
  throw new OperatorError('webhook_unknown', `there is no webhook ${id}`, 'See "keyfob webhook list".');
};

/** The key that a webhook's messages are signed with. */
export const readWebhookKey = ({ keyRing }: Deployment, { id, keyNumber }: Webhook): Buffer => {
  const key = keyRing.find(keyNumber);
  if (key !== undefined) return key.webhookKey(id);
  const remedy = 'Restore the key ring, or remove the webhook and add it anew.';
  throw new OperatorError('key_missing', `the key ring lacks key ${keyNumber}, which signs for it`, remedy);
};

/** The current refresh token of a grant; for the demo only, where the reader is the client. */
export const readRefreshToken = async (
  { store, keyRing }: Deployment,
  id: GrantId,
): Promise<string | undefined> => {
  const grant = await store.readGrant(id);
  const key = grant === undefined ? undefined : keyRing.find(grant.keyNumber);
  if (grant === undefined || key === undefined) return undefined;
  const { shapes } = dialectOf(await readClient(store, grant.clientId));
  return sealRefreshToken(key, shapes.refreshToken, grant.id, grant.generation);
};
