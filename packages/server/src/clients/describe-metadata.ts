import type { Client } from './client.ts';
import { AUTHENTICATION_BY_METHOD, DEVICE_CODE, SUBJECT_KINDS } from './client-metadata.ts';
import type { ClientMetadata } from './registration.ts';

/** The metadata that a client is registered with. Absent members have the values that RFC 7591 §2 has for them. */
export const describeMetadata = (client: Client): ClientMetadata => {
  const { policy, redirectUris, keys, profile } = client;
  return {
    client_name: client.name,
    redirect_uris: redirectUris,
    token_endpoint_auth_method: methodOf(client),
    grant_types: grantTypesOf(client),
    response_types: redirectUris.length === 0 ? [] : ['code'],
    scope: policy.grantScope ?? '',
    ...(profile?.privacyUrl === undefined ? {} : { policy_uri: profile.privacyUrl }),
    ...(keys === undefined
      ? {}
      : 'jwks' in keys
        ? { jwks: { keys: keys.jwks } }
        : { jwks_uri: keys.jwksUri }),
    ...(policy.nativeApp === undefined ? {} : { application_type: policy.nativeApp ? 'native' : 'web' }),
    ...(policy.authorizationDetails === 'vehicle_data'
      ? { authorization_details_types: ['vehicle_data'] }
      : {}),
    dpop_bound_access_tokens: policy.senderConstraint === 'dpop',
    tls_client_certificate_bound_access_tokens: policy.senderConstraint === 'mtls',
    require_pushed_authorization_requests: policy.requirePar === true,
    ...subjectOf(policy.tlsClientSubject ?? ''),
  };
};

const methodOf = ({ type, policy }: Client): string => {
  if (type === 'public') return 'none';
  const { clientAuthentication } = policy;
  const found = Object.entries(AUTHENTICATION_BY_METHOD).find(
    ([name, value]) => name !== 'none' && value === clientAuthentication,
  );
  // An operator may have allowed both places for a secret.
  return found?.[0] ?? 'client_secret_basic';
};

const grantTypesOf = ({ policy, redirectUris }: Client): readonly string[] => {
  const isForOwners = redirectUris.length > 0 || policy.deviceFlow === true;
  return [
    ...(redirectUris.length > 0 ? ['authorization_code'] : []),
    ...(isForOwners ? ['refresh_token'] : []),
    ...(policy.clientCredentials ? ['client_credentials'] : []),
    ...(policy.deviceFlow === true ? [DEVICE_CODE] : []),
  ];
};

const subjectOf = (subject: string): ClientMetadata => {
  const colon = subject.indexOf(':');
  const found = Object.entries(SUBJECT_KINDS).find(([, kind]) => kind === subject.slice(0, colon));
  return found === undefined ? {} : { [found[0]]: subject.slice(colon + 1) };
};
