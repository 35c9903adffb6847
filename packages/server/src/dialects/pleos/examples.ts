import type { DialectExamples } from '../dialect.ts';

const login = (clientId: string, brand: string, redirectUri: string, state: string): string =>
  `/v1/auth/login?clientId=${clientId}&brand=${brand}&redirectUrl=${encodeURIComponent(redirectUri)}&state=${state}`;

export const examples: DialectExamples = {
  demoScope: '',
  authorizationTarget: ({ clientId, redirectUri }) => login(clientId, 'kia', redirectUri, '1'),
  demoAuthorizationTarget: ({ clientId, redirectUri }) => login(clientId, 'hyundai', redirectUri, 'demo'),
  refreshCommand: (url, { clientId, clientSecret }, refreshToken) =>
    `curl -X POST ${url}/v1/auth/token-refresh -H 'Content-Type: application/json' -H 'Brand: hyundai' ` +
    `-d '{"clientId":"${clientId}","clientSecret":"${clientSecret}","refreshToken":"'"${refreshToken}"'"}' -w '\\n'`,
  exchangeCommand: (url, { clientId, clientSecret }, { code, redirectUri }) =>
    `curl -X POST ${url}/v1/auth/token -H 'Content-Type: application/json' -H 'Brand: hyundai' ` +
    `-d '{"clientId":"${clientId}","clientSecret":"'"${clientSecret}"'","code":"${code}",` +
    `"redirectUrl":${JSON.stringify(redirectUri).replaceAll("'", String.raw`\u0027`)}}' -w '\\n'`,
  refreshRequest: ({ clientId, clientSecret }, { refreshToken, brand = 'hyundai' }) => ({
    path: '/v1/auth/token-refresh',
    headers: { 'content-type': 'application/json', brand },
    body: JSON.stringify({ clientId, clientSecret, refreshToken }),
  }),
  exchangeRequest: ({ clientId, clientSecret }, { code, redirectUri }) => ({
    path: '/v1/auth/token',
    headers: { 'content-type': 'application/json', brand: 'hyundai' },
    body: JSON.stringify({ clientId, clientSecret, code, redirectUrl: redirectUri }),
  }),
};
