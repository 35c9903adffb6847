import { Refusal } from '../errors.ts';
import { authorizationCode } from './authorization-code.ts';
import { clientCredentials } from './client-credentials.ts';
import { deviceCode } from './device-code.ts';
import type { GrantType } from './grant-type.ts';
import { personalGrant } from './personal-grant.ts';
import { refreshToken } from './refresh-token.ts';

/** Every grant type, in the order in which metadata lists them. */
export const GRANT_TYPES: readonly GrantType[] = [
  authorizationCode,
  refreshToken,
  clientCredentials,
  deviceCode,
  personalGrant,
];

/** The grant types that a token endpoint serves, by the value of `grant_type`. */
export const grantTypesOf = (endpoint: {
  serves(grantType: string): boolean;
}): ReadonlyMap<string, GrantType> =>
  new Map(
    GRANT_TYPES.filter(({ grantType }) => endpoint.serves(grantType)).map((one) => [one.grantType, one]),
  );

/** The grant type of this name. Throws a `Refusal`. */
export const findGrantType = (
  grantTypes: ReadonlyMap<string, GrantType>,
  name: string | undefined,
): GrantType => {
  if (name === undefined) throw new Refusal('grant_type_missing');
  const grantType = grantTypes.get(name);
  if (grantType !== undefined) return grantType;
  const description = `grant_type must be ${OR.format(grantTypes.keys())}.`;
  const oauthError = { error: 'unsupported_grant_type', description };
  throw new Refusal('grant_type_unsupported', [], { oauthError });
};

const OR = new Intl.ListFormat('en', { type: 'disjunction' });
