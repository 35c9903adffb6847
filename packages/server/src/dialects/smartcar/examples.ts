import type { DialectExamples } from '../dialect.ts';
import { createRequestExamples } from '../oauth/examples.ts';

const CONSENT_SCOPE = 'read_vehicle_info read_odometer read_location control_charge';

const authorize = (parameters: readonly (readonly [name: string, value: string])[]): string =>
  `/oauth/authorize?${parameters.map(([name, value]) => `${name}=${encodeURIComponent(value)}`).join('&')}`;

export const examples: DialectExamples = {
  demoScope: 'read_odometer read_location',
  authorizationTarget: ({ clientId, redirectUri }) =>
    authorize([
      ['response_type', 'code'],
      ['client_id', clientId],
      ['redirect_uri', redirectUri],
      ['scope', 'read_vehicle_info'],
    ]),
  demoAuthorizationTarget: ({ clientId, redirectUri }) =>
    authorize([
      ['response_type', 'code'],
      ['client_id', clientId],
      ['redirect_uri', redirectUri],
      ['scope', CONSENT_SCOPE],
      ['state', 'demo'],
      ['mode', 'simulated'],
    ]),
  refreshCommand: (url, { clientId, clientSecret }, refreshToken) =>
    `curl -X POST ${url}/oauth/token -u '${clientId}:${clientSecret}' ` +
    `-d grant_type=refresh_token -d refresh_token="${refreshToken}" -w '\\n'`,
  ...createRequestExamples('/oauth/token'),
};
