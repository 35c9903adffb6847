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
  // The server has no device flow; a scenario answers for it.
  ['/device_authorization', 'device'],
  ['/oauth/device_authorization', 'device'],
]);

const DIALECT_BY_TOKEN_PATH: ReadonlyMap<string, string> = new Map(
  Object.values(DIALECTS).flatMap(({ name, tokenEndpoints }) =>
    Object.keys(tokenEndpoints).map((path) => [path, name] as const),
  ),
);

/** The dialect whose token endpoint a path is. */
export const dialectOf = (path: string): string | undefined =>
  DIALECT_BY_TOKEN_PATH.get(path.replace(/\/$/, ''));

const VEHICLES = /^\/v[\d.]+\/(?:user$|vehicles(?:\/|$))/;

/** Which endpoint a path is, a slash at its end ignored. */
export const endpointOf = (path: string): Endpoint => {
  const known = BY_PATH.get(path.replace(/\/$/, ''));
  if (known !== undefined) return known;
  return VEHICLES.test(path) ? 'vehicles' : 'other';
};
