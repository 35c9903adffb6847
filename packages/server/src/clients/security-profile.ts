import type { Seconds } from '../clock.ts';
import type { Client } from './client.ts';
import { LOOPBACK_HOSTS } from './redirect-uri.ts';
import type { Policy, PolicyField } from './policy.ts';

/** What the rules of a profile are read from. */
type Profiled = Pick<Policy, 'profile'>;

/** Whether a client follows the FAPI 2.0 Security Profile (final), whose sections are named below. */
export const isFapi2 = ({ profile }: Profiled): boolean => profile === 'fapi2';

/** Whether an authorization request must have been pushed. @see FAPI 2.0 §5.3.2.2-3, RFC 9126 §6 */
export const requiresPushed = (policy: Pick<Policy, 'profile' | 'requirePar'>): boolean =>
  isFapi2(policy) || policy.requirePar === true;

/** Whether an authorization request must have a PKCE challenge. @see FAPI 2.0 §5.3.2.2-5, RFC 9700 §2.1.1 */
export const requiresPkce = ({ type, policy }: Pick<Client, 'type' | 'policy'>): boolean =>
  type === 'public' || isFapi2(policy) || policy.requirePkce === true;

/** How long an authorization code may be exchanged in the profile. @see FAPI 2.0 §5.3.2.1-11 */
const PROFILE_CODE_LIFETIME_SECONDS = 60;

/** How long a client's authorization codes may be exchanged; `usual` without a profile. */
export const codeLifetimeSecondsOf = (policy: Profiled, usual: Seconds): Seconds =>
  isFapi2(policy) ? PROFILE_CODE_LIFETIME_SECONDS : usual;

/** How a client of the profile may authenticate. @see FAPI 2.0 §5.3.2.1-6 */
const PROFILE_AUTHENTICATION: readonly Policy['clientAuthentication'][] = [
  'private_key_jwt',
  'tls_client_auth',
  'self_signed_tls_client_auth',
];

type Fields = Partial<Readonly<Record<PolicyField, unknown>>>;

/** What a client gets that begins to follow the profile, where the change does not name it. Rotation brings nothing to it. */
const PROFILE_DEFAULTS: Fields = {
  rotation: 'none',
  clientAuthentication: 'private_key_jwt',
};

/**
 * The fields of a change with what the profile implies, where the change begins one: a secret or a rotation that the profile
 * refuses is replaced, and what it allows stays.
 */
export const withProfileDefaults = (before: Partial<Policy>, change: Fields | undefined): Fields => {
  const { profile, ...named } = change ?? {};
  if (profile !== 'fapi2' || before.profile === 'fapi2') return change ?? {};
  const { clientAuthentication = 'both' } = before;
  const kept = PROFILE_AUTHENTICATION.includes(clientAuthentication) ? { clientAuthentication } : {};
  return { ...PROFILE_DEFAULTS, ...kept, ...named, profile };
};

/** What is wrong with a client in the profile that it follows, one sentence each, with a remedy. */
export const faultsOfProfile = (client: Client): readonly string[] => {
  const { type, policy, redirectUris } = client;
  if (!isFapi2(policy)) return [];
  const authentication = policy.clientAuthentication;
  return [
    ...(type === 'confidential'
      ? []
      : [`profile must be none for a ${type} client: FAPI 2.0 is for confidential clients (§5.3.2.1)`]),
    ...(PROFILE_AUTHENTICATION.includes(authentication)
      ? []
      : [
          `clientAuthentication must be ${OR.format(PROFILE_AUTHENTICATION)} with profile fapi2, which has no secrets`,
        ]),
    ...(policy.rotation === 'strict'
      ? [
          'rotation must be none, overlap or until-used with profile fapi2: a client that loses an answer must be able to retry (FAPI 2.0 §5.3.2.1)',
        ]
      : []),
    ...(policy.requirePar === false
      ? ['requirePar must not be false with profile fapi2, in which every request is pushed']
      : []),
    ...(policy.senderConstraint === 'none'
      ? ['senderConstraint must be dpop or mtls with profile fapi2, or absent for either']
      : []),
    ...redirectUris
      .filter((uri) => !isAllowedRedirect(uri, policy.nativeApp === true))
      .map(
        (uri) =>
          `the redirect URI ${uri} must use https with profile fapi2; http is for loopback addresses of a nativeApp (FAPI 2.0 §5.3.2.2)`,
      ),
  ];
};

const isAllowedRedirect = (uri: string, isNative: boolean): boolean => {
  const url = URL.canParse(uri) ? new URL(uri) : undefined;
  return url?.protocol !== 'http:' || (isNative && LOOPBACK_HOSTS.has(url.hostname));
};

const OR = new Intl.ListFormat('en', { type: 'disjunction' });
