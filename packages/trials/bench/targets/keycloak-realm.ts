/** The client of the benchmark. */
export type KeycloakClient = { readonly clientId: string; readonly clientSecret: string };

const REALM = 'bench';
/** The token endpoint of the benchmark's realm. */
export const TOKEN_PATH = `/realms/${REALM}/protocol/openid-connect/token`;
const CLIENT: KeycloakClient = { clientId: 'bench', clientSecret: 's'.repeat(43) };
const PASSWORD = 'only-for-this-benchmark';
const SIXTY_DAYS = 60 * 86_400;
const nameOf = (owner: number): string => `owner-${owner}`;

/** Keyfob's defaults: access tokens live two hours, grants sixty days, a refresh token works once. */
const realmWith = (owners: number): object => ({
  realm: REALM,
  enabled: true,
  revokeRefreshToken: true,
  refreshTokenMaxReuse: 0,
  accessTokenLifespan: 7200,
  ssoSessionIdleTimeout: SIXTY_DAYS,
  ssoSessionMaxLifespan: SIXTY_DAYS,
  clients: [
    {
      clientId: CLIENT.clientId,
      secret: CLIENT.clientSecret,
      directAccessGrantsEnabled: true,
      standardFlowEnabled: false,
      fullScopeAllowed: false,
    },
  ],
  users: Array.from({ length: owners }, (_, owner) => ({
    username: nameOf(owner),
    enabled: true,
    email: `${nameOf(owner)}@owner.example`,
    emailVerified: true,
    firstName: 'A',
    lastName: 'B',
    credentials: [{ type: 'password', value: PASSWORD }],
  })),
});

/** Creates the realm with a client and so many users. */
export const createKeycloakRealm = async (
  base: string,
  admin: { readonly username: string; readonly password: string },
  owners: number,
): Promise<KeycloakClient> => {
  const token = await post<{ access_token: string }>(
    `${base}/realms/master/protocol/openid-connect/token`,
    new URLSearchParams({ grant_type: 'password', client_id: 'admin-cli', ...admin }),
  );
  await post(`${base}/admin/realms`, JSON.stringify(realmWith(owners)), {
    Authorization: `Bearer ${token.access_token}`,
    'Content-Type': 'application/json',
  });
  return CLIENT;
};

/** Signs in a user without a browser, and returns the refresh token of the new session. */
export const logIn = async (
  base: string,
  { clientId, clientSecret }: KeycloakClient,
  owner: number,
): Promise<string> => {
  const { refresh_token: refreshToken } = await post<{ refresh_token: string }>(
    `${base}${TOKEN_PATH}`,
    new URLSearchParams({ grant_type: 'password', username: nameOf(owner), password: PASSWORD }),
    { Authorization: `Basic ${Buffer.from(`${clientId}:${clientSecret}`).toString('base64')}` },
  );
  return refreshToken;
};

const post = async <Answer>(
  url: string,
  body: string | URLSearchParams,
  headers: Readonly<Record<string, string>> = {},
): Promise<Answer> => {
  const response = await fetch(url, { method: 'POST', headers, body });
  const text = await response.text();
  if (!response.ok) throw new Error(`keycloak refused POST ${new URL(url).pathname} (${response.status})`);
  return (text === '' ? undefined : JSON.parse(text)) as Answer;
};
