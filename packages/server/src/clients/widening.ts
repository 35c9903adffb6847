import type { Client } from './client.ts';
import { changeKeys } from './client-keys.ts';
import type { WantedClient } from './client-metadata.ts';
import type { Registration, RegistrationTerms } from './registration.ts';
import { splitScope } from './scopes.ts';

/**
 * What a client asks for beyond what an operator has approved, by the names of metadata; empty where it becomes no more than it was.
 * What owners see of it, where codes go, by what it authenticates and what it may ask for all count.
 */
export const findWidening = (client: Client, wanted: WantedClient): readonly string[] => {
  const { policy } = client;
  const has = (field: 'clientAuthentication' | 'senderConstraint'): boolean =>
    isSame(policy[field] ?? undefined, wanted.policy[field] ?? undefined);
  const beganTo = (field: 'clientCredentials' | 'deviceFlow' | 'nativeApp'): boolean =>
    wanted.policy[field] === true && policy[field] !== true;
  const mayGrant = new Set(splitScope(policy.grantScope));
  const asks = splitScope(wanted.scope);
  const widened: readonly (readonly [string, boolean])[] = [
    ['client_name', wanted.name !== client.name],
    ['policy_uri', (wanted.privacyUrl ?? undefined) !== client.profile?.privacyUrl],
    ['redirect_uris', wanted.redirectUris.some((uri) => !client.redirectUris.includes(uri))],
    ['jwks', !hasSameKeys(client, wanted)],
    [
      'token_endpoint_auth_method',
      !has('clientAuthentication') ||
        (wanted.policy.tlsClientSubject ?? '') !== (policy.tlsClientSubject ?? ''),
    ],
    ['scope', asks.some((name) => !mayGrant.has(name)) || ownScopeGrows(client, wanted)],
    ['grant_types', beganTo('clientCredentials') || beganTo('deviceFlow')],
    ['application_type', beganTo('nativeApp')],
    [
      'authorization_details_types',
      wanted.policy.authorizationDetails === 'vehicle_data' && policy.authorizationDetails !== 'vehicle_data',
    ],
    ['dpop_bound_access_tokens', isBound(policy.senderConstraint) && !has('senderConstraint')],
    [
      'require_pushed_authorization_requests',
      policy.requirePar === true && wanted.policy.requirePar !== true,
    ],
  ];
  return widened.filter(([, isWider]) => isWider).map(([name]) => name);
};

/** Whether tokens for the client itself would have more scope than they have now. */
const ownScopeGrows = ({ policy }: Client, { policy: { clientCredentialsScope } }: WantedClient): boolean => {
  const has = new Set(splitScope(policy.clientCredentialsScope));
  const wanted = typeof clientCredentialsScope === 'string' ? splitScope(clientCredentialsScope) : [];
  return policy.clientCredentials && wanted.some((name) => !has.has(name));
};

/** The terms of an update: metadata have no word for the profile, so it stays as an operator has set it since. */
export const termsOfUpdate = (
  { policy }: Pick<Client, 'policy'>,
  { terms }: Registration,
): RegistrationTerms => ({ ...terms, profile: policy.profile ?? 'none' });

const SECRET_PLACES: ReadonlySet<unknown> = new Set(['both', 'basic', 'post']);

/**
 * What a client asks for, with the places of its secret as they are where it names none, or may use every one: its metadata have no
 * word for that.
 */
export const keepSecretPlaces = ({ policy }: Client, wanted: WantedClient): WantedClient => {
  const [before, after] = [policy.clientAuthentication, wanted.policy.clientAuthentication];
  const isOpen = before === 'both' || after === 'both';
  return isOpen && SECRET_PLACES.has(before) && SECRET_PLACES.has(after)
    ? { ...wanted, policy: { ...wanted.policy, clientAuthentication: before } }
    : wanted;
};

const isBound = (constraint: string | undefined): boolean => constraint === 'dpop' || constraint === 'mtls';

const isSame = (one: unknown, other: unknown): boolean => JSON.stringify(one) === JSON.stringify(other);

const hasSameKeys = ({ keys }: Client, { jwks, jwksUri }: WantedClient): boolean => {
  const changed = changeKeys(undefined, { jwks, jwksUri });
  return 'faults' in changed || isSame(changed.keys, keys);
};
