/** A client that is registered with Hydra. */
export type HydraClient = { readonly clientId: string; readonly clientSecret: string };

type Urls = { readonly publicUrl: string; readonly adminUrl: string };

const REDIRECT_URI = 'https://client.example/callback';
/** Without `openid`, so that Hydra does not sign an ID token. */
const SCOPE = 'offline';
const SUBJECT = 'owner';

/** Registers a client that uses refresh tokens and HTTP Basic. https://www.ory.com/docs/hydra/reference/api */
export const createHydraClient = async (adminUrl: string): Promise<HydraClient> => {
  const created = await callAdmin<{ client_id: string; client_secret: string }>(
    'POST',
    `${adminUrl}/admin/clients`,
    {
      grant_types: ['authorization_code', 'refresh_token'],
      response_types: ['code'],
      redirect_uris: [REDIRECT_URI],
      scope: SCOPE,
      token_endpoint_auth_method: 'client_secret_basic',
    },
  );
  return { clientId: created.client_id, clientSecret: created.client_secret };
};

/** Acts as the owner's browser and as the login and consent pages, and redeems the code. */
export const obtainRefreshToken = async (
  { publicUrl, adminUrl }: Urls,
  { clientId, clientSecret }: HydraClient,
): Promise<string> => {
  const browser = createBrowser();
  const parameters = new URLSearchParams({
    response_type: 'code',
    client_id: clientId,
    redirect_uri: REDIRECT_URI,
    scope: SCOPE,
    state: 'benchmark-state',
  });
  const requests = `${adminUrl}/admin/oauth2/auth/requests`;
  const login = await browser.follow(`${publicUrl}/oauth2/auth?${parameters.toString()}`);
  const loginChallenge = readParameter(login, 'login_challenge');
  const loggedIn = await callAdmin<{ redirect_to: string }>(
    'PUT',
    `${requests}/login/accept?login_challenge=${encodeURIComponent(loginChallenge)}`,
    { subject: SUBJECT },
  );
  const consent = await browser.follow(loggedIn.redirect_to);
  const consentChallenge = readParameter(consent, 'consent_challenge');
  const consented = await callAdmin<{ redirect_to: string }>(
    'PUT',
    `${requests}/consent/accept?consent_challenge=${encodeURIComponent(consentChallenge)}`,
    { grant_scope: [SCOPE] },
  );
  const code = readParameter(await browser.follow(consented.redirect_to), 'code');
  const answer = await fetch(`${publicUrl}/oauth2/token`, {
    method: 'POST',
    headers: { Authorization: `Basic ${Buffer.from(`${clientId}:${clientSecret}`).toString('base64')}` },
    body: new URLSearchParams({ grant_type: 'authorization_code', code, redirect_uri: REDIRECT_URI }),
  });
  const { refresh_token: refreshToken } = (await answer.json()) as { refresh_token?: string };
  if (refreshToken === undefined) throw new Error(`hydra returned no refresh token (${answer.status})`);
  return refreshToken;
};

/** A browser that keeps cookies, which Hydra's challenges need. `follow` returns the target of a redirect. */
const createBrowser = () => {
  const cookies = new Map<string, string>();
  return {
    async follow(url: string): Promise<URL> {
      const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join('; ');
      const response = await fetch(url, { redirect: 'manual', headers: { cookie } });
      for (const line of response.headers.getSetCookie()) {
        const [name = '', ...value] = (line.split(';')[0] ?? '').split('=');
        cookies.set(name, value.join('='));
      }
      const location = response.headers.get('location');
      if (location === null) throw new Error(`hydra did not redirect (${response.status})`);
      return new URL(location, url);
    },
  };
};

const readParameter = (url: URL, name: string): string => {
  const value = url.searchParams.get(name);
  if (value !== null) return value;
  throw new Error(`hydra redirected without ${name}: ${url.searchParams.get('error_description') ?? ''}`);
};

const callAdmin = async <Answer>(method: string, url: string, body: object): Promise<Answer> => {
  const headers = { 'Content-Type': 'application/json' };
  const response = await fetch(url, { method, headers, body: JSON.stringify(body) });
  if (!response.ok) throw new Error(`hydra refused ${method} ${new URL(url).pathname} (${response.status})`);
  return (await response.json()) as Answer;
};
