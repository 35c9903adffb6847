import type { DialectExamples } from '../dialect.ts';

const DEMO_SCOPE = 'read_odometer read_location';

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
      authorize(clientId, redirectUri, 'read_vehicle_info', '1'),
    demoAuthorizationTarget: ({ clientId, redirectUri }) =>
      authorize(clientId, redirectUri, DEMO_SCOPE, 'demo'),
    refreshCommand: (url, { clientId, clientSecret }, refreshToken) =>
      `curl -X POST ${url}${paths.token} -u '${clientId}:${clientSecret}' ` +
      `-d grant_type=refresh_token -d refresh_token="${refreshToken}" -w '\\n'`,
  };
};
