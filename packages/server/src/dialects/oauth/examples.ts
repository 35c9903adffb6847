import type { DialectExamples } from '../dialect.ts';

const authorize = (clientId: string, redirectUri: string, scope: string, state: string): string =>
  `/authorize?response_type=code&client_id=${clientId}&redirect_uri=${encodeURIComponent(redirectUri)}` +
  `&scope=${encodeURIComponent(scope)}&state=${state}`;

const DEMO_SCOPE = 'read_odometer read_location';

export const examples: DialectExamples = {
  demoScope: DEMO_SCOPE,
  authorizationTarget: ({ clientId, redirectUri }) =>
    authorize(clientId, redirectUri, 'read_vehicle_info', '1'),
  demoAuthorizationTarget: ({ clientId, redirectUri }) =>
    authorize(clientId, redirectUri, DEMO_SCOPE, 'demo'),
  refreshCommand: (url, { clientId, clientSecret }, refreshToken) =>
    `curl -X POST ${url}/token -u '${clientId}:${clientSecret}' ` +
    `-d grant_type=refresh_token -d refresh_token="${refreshToken}" -w '\\n'`,
};
