import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Provider } from 'oidc-provider';

/** An OpenID Connect provider in this process. The account in `account` signs in without a prompt. */
export type UpstreamProvider = {
  readonly issuer: string;
  readonly clientId: string;
  readonly clientSecret: string;
  /** The account that signs in next; `undefined` if the person declines. */
  account: string | undefined;
  /** Responds to every request with this status, unless `undefined`. */
  outage: number | undefined;
  /** Must be called once, with the redirect URI for owners. */
  serve(redirectUri: string, variant?: ProviderVariant): void;
  close(): Promise<void>;
};

/** How a provider differs. */
export type ProviderVariant = {
  /** How it lets clients send their secrets; without it, in every way that it knows. */
  readonly clientAuthentication?: 'client_secret_basic' | 'client_secret_post';
  /** Changes its metadata or its keys before they are sent. */
  readonly alter?: (document: Record<string, unknown>) => void;
};

const CLIENT_ID = 'keyfob';
const CLIENT_SECRET = 'secret-of-the-provider';
const DOCUMENT = /^\/(?:\.well-known\/|jwks)/;
const INTERACTION = /^\/interaction\//;

const answerNothing = (_request: IncomingMessage, response: ServerResponse): void =>
  void response.writeHead(404).end();

export const openUpstreamProvider = async (): Promise<UpstreamProvider> => {
  let answer = answerNothing;
  const server = createServer((request, response) => {
    if (upstream.outage === undefined) answer(request, response);
    else response.writeHead(upstream.outage).end('<html>away</html>');
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const upstream: UpstreamProvider = {
    issuer,
    clientId: CLIENT_ID,
    clientSecret: CLIENT_SECRET,
    account: 'owner-1',
    outage: undefined,
    serve(redirectUri, variant = {}) {
      const provider = createProvider(issuer, redirectUri, variant);
      const respond = provider.callback();
      answer = (request, response) => {
        if (variant.alter !== undefined && DOCUMENT.test(request.url ?? ''))
          alterJson(response, variant.alter);
        if (!INTERACTION.test(request.url ?? '')) return void respond(request, response);
        const result =
          upstream.account === undefined
            ? { error: 'access_denied', error_description: 'no' }
            : { login: { accountId: upstream.account, remember: false } };
        void provider.interactionFinished(request, response, result);
      };
    },
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
  return upstream;
};

/** Changes the JSON body of a response when it is sent. */
const alterJson = (response: ServerResponse, alter: (document: Record<string, unknown>) => void): void => {
  const end = response.end.bind(response) as (body: string) => ServerResponse;
  response.end = ((body: Buffer | string) => {
    const document = JSON.parse(String(body)) as Record<string, unknown>;
    alter(document);
    response.removeHeader('content-length');
    return end(JSON.stringify(document));
  }) as ServerResponse['end'];
};

const createProvider = (
  issuer: string,
  redirectUri: string,
  { clientAuthentication: method }: ProviderVariant,
): Provider =>
  new Provider(issuer, {
    clients: [
      {
        client_id: CLIENT_ID,
        client_secret: CLIENT_SECRET,
        redirect_uris: [redirectUri],
        post_logout_redirect_uris: [redirectUri.replace(/\/callback$/, '')],
        ...(method === undefined ? {} : { token_endpoint_auth_method: method }),
      },
    ],
    ...(method === undefined ? {} : { clientAuthMethods: [method] }),
    cookies: { keys: ['cookies of the trial'] },
    claims: { openid: ['sub'], profile: ['name'] },
    conformIdTokenClaims: false,
    features: {
      devInteractions: { enabled: false },
      rpInitiatedLogout: {
        enabled: true,
        logoutSource(context, form) {
          context.body = form.replace('</form>', '<button name="logout" value="yes">Yes</button></form>');
        },
      },
    },
    interactions: { url: (_context, { uid }) => `/interaction/${uid}` },
    findAccount: (_context, accountId) => ({
      accountId,
      claims: () => ({ sub: accountId, name: `Name of ${accountId}` }),
    }),
    // Keyfob asks for consent itself.
    async loadExistingGrant(context) {
      const { client, session, provider } = context.oidc;
      const grant = new provider.Grant({
        clientId: client?.clientId ?? '',
        accountId: session?.accountId ?? '',
      });
      grant.addOIDCScope('openid profile');
      await grant.save();
      return grant;
    },
  });
