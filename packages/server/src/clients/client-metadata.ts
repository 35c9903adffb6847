import type { ClientType } from './client.ts';
import type { PolicyField } from './policy.ts';
import { faultOfRedirectUri } from './redirect-uri.ts';
import type { ClientMetadata, RegistrationTerms } from './registration.ts';
import { splitScope } from './scopes.ts';

/** The errors of a registration. @see RFC 7591 §3.2.2 */
export type MetadataError =
  'invalid_redirect_uri' | 'invalid_client_metadata' | 'unapproved_software_statement';
export type MetadataFault = { readonly error: MetadataError; readonly description: string };

/** What metadata ask for, in the words of a registration. Every field of the policy that a client can ask for is there. */
export type WantedClient = {
  readonly type: ClientType;
  readonly name: string;
  readonly redirectUris: readonly string[];
  readonly privacyUrl: string | null;
  readonly jwks: unknown;
  readonly jwksUri: string | null;
  /** What owners may grant, space separated; in the policy too. */
  readonly scope: string;
  readonly policy: Partial<Readonly<Record<PolicyField, unknown>>>;
};

export const DEVICE_CODE = 'urn:ietf:params:oauth:grant-type:device_code';
const GRANT_TYPES: readonly string[] = [
  'authorization_code',
  'refresh_token',
  'client_credentials',
  DEVICE_CODE,
];
/** `clientAuthentication` by the names that metadata have for it; `none` is a public client. */
export const AUTHENTICATION_BY_METHOD: Readonly<Record<string, string>> = {
  none: 'both',
  client_secret_basic: 'basic',
  client_secret_post: 'post',
  private_key_jwt: 'private_key_jwt',
  tls_client_auth: 'tls_client_auth',
  self_signed_tls_client_auth: 'self_signed_tls_client_auth',
};
/** The kinds of names in `tlsClientSubject`, by the members of RFC 8705 §2.1.2. */
export const SUBJECT_KINDS: Readonly<Record<string, string>> = {
  tls_client_auth_subject_dn: 'dn',
  tls_client_auth_san_dns: 'dns',
  tls_client_auth_san_uri: 'uri',
  tls_client_auth_san_ip: 'ip',
  tls_client_auth_san_email: 'email',
};

const TEXT = 'string';
const FLAG = 'boolean';
/** The members that count, with the types of their values. Others are ignored (RFC 7591 §2). */
export const METADATA_MEMBERS = {
  redirect_uris: 'texts',
  token_endpoint_auth_method: TEXT,
  grant_types: 'texts',
  response_types: 'texts',
  client_name: TEXT,
  policy_uri: TEXT,
  scope: TEXT,
  jwks: 'object',
  jwks_uri: TEXT,
  application_type: TEXT,
  authorization_details_types: 'texts',
  dpop_bound_access_tokens: FLAG,
  tls_client_certificate_bound_access_tokens: FLAG,
  require_pushed_authorization_requests: FLAG,
  tls_client_auth_subject_dn: TEXT,
  tls_client_auth_san_dns: TEXT,
  tls_client_auth_san_uri: TEXT,
  tls_client_auth_san_ip: TEXT,
  tls_client_auth_san_email: TEXT,
} as const;

/** Metadata are stored while they wait for approval. */
const METADATA_MAX_CHARACTERS = 16_384;
const LIST_MAX = 50;

const typeOf = (value: unknown): string => {
  if (!Array.isArray(value)) return typeof value;
  return value.length <= LIST_MAX && value.every((one) => typeof one === 'string') ? 'texts' : 'list';
};

const WORDS: Readonly<Record<string, string>> = {
  texts: `an array of at most ${LIST_MAX} strings`,
  string: 'a string',
  boolean: 'true or false',
  object: 'an object',
};

const invalid = (description: string): MetadataFault => ({ error: 'invalid_client_metadata', description });

/** The members of metadata that count, or what is wrong with their form. `null` stands for an absent one (RFC 7592 §2.2). */
export const pickMetadata = (given: ClientMetadata): ClientMetadata | MetadataFault => {
  if (given['software_statement'] !== undefined)
    return {
      error: 'unapproved_software_statement',
      description: 'This server approves no software statements: send the metadata without one.',
    };
  const picked: Record<string, unknown> = {};
  for (const [name, type] of Object.entries(METADATA_MEMBERS)) {
    const value = given[name] ?? undefined;
    if (value === undefined) continue;
    if (typeOf(value) !== type) {
      const description = `${name} must be ${WORDS[type] ?? type}.`;
      return name === 'redirect_uris' ? { error: 'invalid_redirect_uri', description } : invalid(description);
    }
    picked[name] = value;
  }
  return JSON.stringify(picked).length <= METADATA_MAX_CHARACTERS
    ? picked
    : invalid(`The metadata must have at most ${METADATA_MAX_CHARACTERS} characters.`);
};

/** Metadata whose members have their types. */
type Picked = {
  readonly [Name in keyof typeof METADATA_MEMBERS]?: (typeof METADATA_MEMBERS)[Name] extends 'texts'
    ? readonly string[]
    : (typeof METADATA_MEMBERS)[Name] extends 'boolean'
      ? boolean
      : (typeof METADATA_MEMBERS)[Name] extends 'object'
        ? object
        : string;
};

/** What picked metadata ask for under these terms, or the first fault. */
export const readMetadata = (
  metadata: ClientMetadata,
  terms: RegistrationTerms,
): WantedClient | MetadataFault => {
  const picked = metadata as Picked;
  const { redirect_uris: redirectUris = [], grant_types: grantTypes = ['authorization_code'] } = picked;
  const fault =
    faultOfRedirects(redirectUris) ??
    faultOfGrantTypes(picked, grantTypes) ??
    faultOfMethod(picked) ??
    faultOfScope(picked, terms) ??
    faultOfBinding(picked) ??
    faultOfDetails(picked);
  if (fault !== undefined) return fault;
  if (grantTypes.includes('authorization_code') && redirectUris.length === 0)
    return {
      error: 'invalid_redirect_uri',
      description: 'redirect_uris must have at least one URI for the grant type authorization_code.',
    };
  return {
    type: picked.token_endpoint_auth_method === 'none' ? 'public' : 'confidential',
    name: picked.client_name ?? '',
    redirectUris: [...new Set(redirectUris)],
    privacyUrl: picked.policy_uri ?? null,
    jwks: picked.jwks ?? null,
    jwksUri: picked.jwks_uri ?? null,
    scope: scopeOf(picked, terms),
    policy: policyOf(picked, grantTypes, terms),
  };
};

const scopeOf = ({ scope }: Picked, { grantScope }: RegistrationTerms): string =>
  splitScope(scope ?? grantScope).join(' ');

const policyOf = (
  picked: Picked,
  grantTypes: readonly string[],
  terms: RegistrationTerms,
): WantedClient['policy'] => {
  const { token_endpoint_auth_method: method } = picked;
  const { profile } = terms;
  const scope = scopeOf(picked, terms);
  const isForItself = grantTypes.includes('client_credentials');
  const unbound = profile === 'none' ? 'none' : undefined;
  // RFC 7591 §2 has client_secret_basic where nothing is said, and libraries send the secret in the body then. A profile
  // without secrets has its own.
  const usual = profile === 'none' ? 'both' : 'private_key_jwt';
  return {
    profile,
    clientAuthentication: method === undefined ? usual : AUTHENTICATION_BY_METHOD[method],
    grantScope: scope,
    clientCredentials: isForItself,
    clientCredentialsScope: isForItself ? scope : '',
    deviceFlow: grantTypes.includes(DEVICE_CODE),
    nativeApp: picked.application_type === undefined ? undefined : picked.application_type === 'native',
    authorizationDetails: picked.authorization_details_types?.length === 1 ? 'vehicle_data' : 'none',
    requirePar: picked.require_pushed_authorization_requests === true ? true : undefined,
    senderConstraint:
      picked.dpop_bound_access_tokens === true
        ? 'dpop'
        : picked.tls_client_certificate_bound_access_tokens === true
          ? 'mtls'
          : unbound,
    tlsClientSubject: subjectOf(picked) ?? '',
  };
};

const subjectsOf = (picked: Picked): readonly string[] =>
  Object.entries(SUBJECT_KINDS).flatMap(([name, kind]) => {
    const value = picked[name as keyof Picked];
    return typeof value === 'string' ? [`${kind}:${value}`] : [];
  });

const subjectOf = (picked: Picked): string | undefined => subjectsOf(picked)[0];

const faultOfRedirects = (uris: readonly string[]): MetadataFault | undefined => {
  const fault = uris.map(faultOfRedirectUri).find((one) => one !== undefined);
  return fault === undefined
    ? undefined
    : { error: 'invalid_redirect_uri', description: `A redirect URI ${fault.en}.` };
};

const faultOfGrantTypes = (
  { response_types: responseTypes }: Picked,
  grantTypes: readonly string[],
): MetadataFault | undefined => {
  if (grantTypes.some((one) => !GRANT_TYPES.includes(one)))
    return invalid(`grant_types may have ${GRANT_TYPES.join(', ')}.`);
  const hasCode = grantTypes.includes('authorization_code');
  const given = responseTypes ?? (hasCode ? ['code'] : []);
  if (given.some((one) => one !== 'code')) return invalid('response_types may have code only.');
  // RFC 7591 §2.1.
  return given.includes('code') === hasCode
    ? undefined
    : invalid('response_types and grant_types must fit together: code goes with authorization_code.');
};

const faultOfMethod = (picked: Picked): MetadataFault | undefined => {
  const { token_endpoint_auth_method: method, application_type: application } = picked;
  if (method !== undefined && !Object.hasOwn(AUTHENTICATION_BY_METHOD, method))
    return invalid(
      `token_endpoint_auth_method must be one of ${Object.keys(AUTHENTICATION_BY_METHOD).join(', ')}.`,
    );
  if (application !== undefined && application !== 'web' && application !== 'native')
    return invalid('application_type must be web or native.');
  const subjects = subjectsOf(picked).length;
  if (method === 'tls_client_auth' ? subjects === 1 : subjects === 0) return undefined;
  return invalid(
    `token_endpoint_auth_method tls_client_auth needs exactly one of ${Object.keys(SUBJECT_KINDS).join(', ')}, and no other method has one.`,
  );
};

const faultOfScope = ({ scope }: Picked, { grantScope }: RegistrationTerms): MetadataFault | undefined => {
  const most = splitScope(grantScope);
  return splitScope(scope).every((name) => most.includes(name))
    ? undefined
    : invalid('scope has more than the registration token allows.');
};

const faultOfBinding = (picked: Picked): MetadataFault | undefined =>
  picked.dpop_bound_access_tokens === true && picked.tls_client_certificate_bound_access_tokens === true
    ? invalid(
        'dpop_bound_access_tokens and tls_client_certificate_bound_access_tokens must not both be true.',
      )
    : undefined;

const faultOfDetails = ({ authorization_details_types: types = [] }: Picked): MetadataFault | undefined =>
  types.length === 0 || (types.length === 1 && types[0] === 'vehicle_data')
    ? undefined
    : invalid('authorization_details_types may have vehicle_data only.');
