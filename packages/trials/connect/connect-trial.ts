import { createAuthorizationServer, systemClock } from '@keyfob/server';
import type { ClientRegistration, Deployment, LogEvent, Settings } from '@keyfob/server';
import type { Store } from '@keyfob/server/stores';
import { makeClient } from '../support/make-client.ts';
import { makeDataDirectory, removeDataDirectory } from '../support/keyfob-process.ts';
import type { DialectName, FixtureDialect } from '../support/dialect-name.ts';

/** A test or a suite: runs the clean-up when it ends. */
type Scope = { after(cleanUp: () => unknown): void };

export type TrialClient = {
  readonly clientId: string;
  readonly clientSecret: string;
  readonly redirectUri: string;
};

/** A server in this process, with access to its store, log events and clock. */
export type ConnectTrial = {
  readonly url: string;
  readonly deployment: Deployment;
  readonly events: readonly LogEvent[];
  /** Milliseconds by which the server's clock is ahead of the machine's. */
  ahead: number;
  /** By default, simulated owners may grant the client every scope. */
  register(
    dialect: FixtureDialect,
    wanted?: Partial<Omit<ClientRegistration, 'dialect'>>,
  ): Promise<TrialClient>;
};

export const REDIRECT_URI = 'https://app.example/callback?keep=1';

/** Starts a server on a free port, on `store` or a new one; `settings` by name. */
export const openConnectTrial = async (
  scope: Scope,
  settings: Settings = { demo: true },
  { store }: { readonly store?: Store } = {},
): Promise<ConnectTrial> => {
  const data = makeDataDirectory();
  const events: LogEvent[] = [];
  const trial = { ahead: 0 };
  const clock = (): number => systemClock() + trial.ahead;
  const server = await createAuthorizationServer(
    { data, port: 0, ...settings },
    { emit: (event) => events.push(event), clock, ...(store === undefined ? {} : { store }) },
  );
  const { deployment } = server;
  const { url } = await server.listen();
  scope.after(async () => {
    await server.close();
    removeDataDirectory(data);
  });
  return Object.assign(trial, {
    url,
    deployment,
    events,
    async register(
      dialect: FixtureDialect,
      {
        name = 'Charge planner',
        type = 'confidential',
        redirectUris = [REDIRECT_URI],
        policy = {},
        ...more
      }: Parameters<ConnectTrial['register']>[1] = {},
    ) {
      const grantScope = [...(deployment.scopes.get(dialect)?.keys() ?? [])].join(' ');
      const { client, clientSecret } = await makeClient(deployment, {
        dialect,
        type,
        name,
        redirectUris,
        ...more,
        policy: { simulatedOwners: true, grantScope, ...policy },
      });
      return { clientId: client.id, clientSecret, redirectUri: redirectUris[0] ?? '' };
    },
  });
};

/** The URL to which a Smartcar client sends an owner. A parameter that is `undefined` is left out. */
export const smartcarUrl = (
  { url }: Pick<ConnectTrial, 'url'>,
  { clientId, redirectUri }: TrialClient,
  more: Readonly<Record<string, string | undefined>> = {},
): string =>
  write(`${url}/oauth/authorize`, {
    response_type: 'code',
    client_id: clientId,
    redirect_uri: redirectUri,
    scope: 'read_odometer required:read_location control_security',
    state: 'st',
    ...more,
  });

/** The URL to which a Pleos client sends an owner. A parameter that is `undefined` is left out. */
export const pleosUrl = (
  { url }: Pick<ConnectTrial, 'url'>,
  { clientId, redirectUri }: TrialClient,
  more: Readonly<Record<string, string | undefined>> = {},
): string =>
  write(`${url}/v1/auth/login`, { clientId, brand: 'kia', redirectUrl: redirectUri, state: 'st', ...more });

const write = (url: string, parameters: Readonly<Record<string, string | undefined>>): string =>
  `${url}?${Object.entries(parameters)
    .flatMap(([name, value]) => (value === undefined ? [] : `${name}=${encodeURIComponent(value)}`))
    .join('&')}`;

/** Exchanges a code as the client does. Returns the status and the JSON. */
export const redeemCode = async (
  { url }: Pick<ConnectTrial, 'url'>,
  dialect: DialectName,
  client: TrialClient,
  {
    code,
    codeVerifier,
    resource,
    brand = 'kia',
    namesRedirectUri = true,
  }: {
    readonly code: string;
    readonly codeVerifier?: string;
    readonly resource?: string;
    readonly brand?: string;
    readonly namesRedirectUri?: boolean;
  },
): Promise<readonly [number, Record<string, unknown>]> => {
  const { clientId, clientSecret, redirectUri } = client;
  const isSmartcar = dialect === 'smartcar';
  const form = new URLSearchParams({ grant_type: 'authorization_code', code, redirect_uri: redirectUri });
  if (!namesRedirectUri) form.delete('redirect_uri');
  if (codeVerifier !== undefined) form.set('code_verifier', codeVerifier);
  if (resource !== undefined) form.set('resource', resource);
  if (clientSecret === '') form.set('client_id', clientId);
  const basic = `Basic ${Buffer.from(`${clientId}:${clientSecret}`).toString('base64')}`;
  const response = isSmartcar
    ? await fetch(`${url}/oauth/token`, {
        method: 'POST',
        headers: clientSecret === '' ? {} : { Authorization: basic },
        body: form,
      })
    : await fetch(`${url}/v1/auth/token`, {
        method: 'POST',
        headers: { 'Content-Type': 'application/json', Brand: brand },
        body: JSON.stringify({ clientId, clientSecret, code, redirectUrl: redirectUri }),
      });
  return [response.status, (await response.json()) as Record<string, unknown>];
};
