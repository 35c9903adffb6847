import type { DialectExamples, ExampleClient, ExampleCode } from '../dialect.ts';

const DEMO_SCOPE = 'read_odometer read_location';

/** Encoded for a form, and for a shell inside of single quotes. */
const encode = (text: string): string => encodeURIComponent(text).replaceAll("'", '%27');

const exchangeFields = ({ code, redirectUri }: ExampleCode): readonly string[] => [
  'grant_type=authorization_code',
  `code=${encode(code)}`,
  `redirect_uri=${encode(redirectUri)}`,
];

const formHeaders = ({ clientId, clientSecret }: ExampleClient) => ({
  authorization: `Basic ${Buffer.from(`${clientId}:${clientSecret}`).toString('base64')}`,
  'content-type': 'application/x-www-form-urlencoded',
});

/** The requests of RFC 6749 at a token endpoint, with HTTP Basic. */
export const createRequestExamples = (
  tokenPath: string,
): Pick<DialectExamples, 'exchangeCommand' | 'exchangeRequest' | 'refreshRequest'> => ({
  exchangeCommand: (url, { clientId, clientSecret }, code) =>
    [
      `curl -X POST ${url}${tokenPath} -u "${clientId}:${clientSecret}"`,
      ...exchangeFields(code).map((field) => `-d '${field}'`),
      `-w '\\n'`,
    ].join(' '),
  exchangeRequest: (client, code) => ({
    path: tokenPath,
    headers: formHeaders(client),
    body: exchangeFields(code).join('&'),
  }),
  refreshRequest: (client, { refreshToken }) => ({
    path: tokenPath,
    headers: formHeaders(client),
    body: `grant_type=refresh_token&refresh_token=${encode(refreshToken)}`,
  }),
});

/** Examples for endpoints at these paths. */
export const createExamples = (paths: {
  readonly authorization: string;
  readonly token: string;
}): DialectExamples => {
  const authorize = (clientId: string, redirectUri: string, scope: string, state: string): string =>
    `${paths.authorization}?response_type=code&client_id=${clientId}` +
    `&redirect_uri=${encodeURIComponent(redirectUri)}&scope=${encodeURIComponent(scope)}&state=${state}`;

  return {
    demoScope: DEMO_SCOPE,
    authorizationTarget: ({ clientId, redirectUri }) =>
      `${authorize(clientId, redirectUri, 'read_vehicle_info', '1')}&code_challenge=CHALLENGE&code_challenge_method=S256`,
    demoAuthorizationTarget: ({ clientId, redirectUri }) =>
      authorize(clientId, redirectUri, DEMO_SCOPE, 'demo'),
    refreshCommand: (url, { clientId, clientSecret }, refreshToken) =>
      `curl -X POST ${url}${paths.token} -u '${clientId}:${clientSecret}' ` +
      `-d grant_type=refresh_token -d refresh_token="${refreshToken}" -w '\\n'`,
    ...createRequestExamples(paths.token),
  };
};
