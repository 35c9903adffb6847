import { DIALECTS } from '@keyfob/server/dialects';
import type { RequestFacts } from '../faults/armed-faults.ts';

type Endpoint = RequestFacts['endpoint'];

const BY_PATH: ReadonlyMap<string, Endpoint> = new Map([
  ...Object.values(DIALECTS).flatMap(({ tokenEndpoints, authorization }) => [
    ...Object.keys(tokenEndpoints).map((path) => [path, 'token'] as const),
    [authorization.path, 'authorize'] as const,
  ]),
  ['/oauth/introspect', 'introspect'],
  ['/oauth/revoke', 'revoke'],
]);

const VEHICLES = /^\/v[\d.]+\/(?:user$|vehicles(?:\/|$))/;

/** Which endpoint a path is, a slash at its end ignored. */
export const endpointOf = (path: string): Endpoint => {
  const known = BY_PATH.get(path.replace(/\/$/, ''));
  if (known !== undefined) return known;
  return VEHICLES.test(path) ? 'vehicles' : 'other';
};
