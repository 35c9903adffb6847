import type { Millis } from '../clock.ts';
import type { Fault, Sentence } from '../language.ts';
import { changeKeys } from './client-keys.ts';
import type { ClientKeysChange } from './client-keys.ts';
import type { Client } from './client.ts';
import { faultOfName } from './display-name.ts';
import { parsePolicy } from './policy.ts';
import type { Policy, PolicyField } from './policy.ts';
import { changeProfile } from './profile.ts';
import type { ProfileChange } from './profile.ts';
import { faultOfRedirectUri, faultOfUri } from './redirect-uri.ts';
import { changeRegistration } from './registration.ts';
import type { RegistrationChange } from './registration.ts';
import { faultsOfProfile, withProfileDefaults } from './security-profile.ts';

/** A change of a client; what is absent stays. */
export type ClientChange = ProfileChange &
  ClientKeysChange & {
    readonly name?: string;
    /** The fields to change, as text or typed; the others stay. */
    readonly policy?: Partial<Readonly<Record<PolicyField, unknown>>>;
    /** Options of the dialect, by name; the others stay. The caller has checked them. */
    readonly dialectOptions?: Readonly<Record<string, string>>;
    /** `null` to enable. */
    readonly disabledAtMs?: Millis | null;
    /** Replaces all redirect URIs. */
    readonly redirectUris?: readonly string[];
    readonly addedRedirectUris?: readonly string[];
    /** Compared character by character. */
    readonly removedRedirectUris?: readonly string[];
    /** `null` for the first redirect URI. */
    readonly consentRedirectUri?: string | null;
    /** Of a client that registered itself. */
    readonly registration?: RegistrationChange;
  };

/** More than any client needs, and few enough to compare at every request. */
export const REDIRECT_URIS_MAX = 50;

/** The changed client, or the faults, one sentence each, if the change would make it invalid. */
export const changeClient = (
  client: Client,
  change: ClientChange,
): Client | { readonly faults: readonly Fault[] } => {
  const dialectOptions = { ...client.policy.dialectOptions, ...change.dialectOptions };
  const parsed = parsePolicy({
    ...client.policy,
    ...withProfileDefaults(client.policy, change.policy),
    ...(Object.keys(dialectOptions).length > 0 && { dialectOptions }),
  });
  if ('faults' in parsed) return parsed;
  const profiled = changeProfile(client.profile, change);
  if ('faults' in profiled) return profiled;
  const keyed = changeKeys(client.keys, change);
  if ('faults' in keyed) return keyed;
  const registered = changeRegistration(client.registration, change.registration);
  if ('faults' in registered) return registered;
  const { name = client.name, disabledAtMs = client.disabledAtMs } = change;
  const { consentRedirectUri = client.consentRedirectUri, removedRedirectUris: removed = [] } = change;
  const uris = [...(change.redirectUris ?? client.redirectUris), ...(change.addedRedirectUris ?? [])];
  const unknown = removed.filter((uri) => !uris.includes(uri));
  if (unknown.length > 0)
    return {
      faults: unknown.map((uri) => ({
        en: `there is no redirect URI ${uri} to remove`,
        ko: `제거할 리디렉션 URI가 없습니다: ${uri}`,
      })),
    };
  const { profile: _, keys: __, registration: ___, ...rest } = client;
  const changed = {
    ...rest,
    ...profiled,
    ...keyed,
    ...registered,
    name,
    redirectUris: [...new Set(uris)].filter((uri) => !removed.includes(uri)),
    consentRedirectUri: consentRedirectUri ?? undefined,
    policy: parsed.policy,
    disabledAtMs: disabledAtMs ?? undefined,
  };
  const fault = name === client.name ? undefined : faultOfName(name);
  const faults = [...(fault === undefined ? [] : [`the name ${fault}`]), ...faultsOf(changed)];
  return faults.length > 0 ? { faults } : changed;
};

/** What is wrong with a client as a whole, one sentence each, with a remedy. */
export const faultsOf = (client: Client): readonly Fault[] => [
  ...faultsOfRedirects([...client.redirectUris, ...[client.consentRedirectUri ?? []].flat()]),
  ...faultsOfPersonal(client),
  ...faultsOfPending(client),
  ...faultsOfKeys(client),
  ...faultsOfProfile(client),
  ...(client.type === 'public' ? faultsOfPublic(client.policy) : []),
  ...(client.type === 'resource-server' ? faultsOfResourceServer(client) : []),
];

/** The least lifetime of a refresh token that nobody uses, but whose grant is used. */
const PERSONAL_LIFETIME_SECONDS = 365 * 86_400;

const faultsOfPersonal = ({ type, policy }: Client): readonly string[] => {
  const { personalGrant = '', refreshTokenLifetimeSeconds: lifetime } = policy;
  if (personalGrant === '') return [];
  if (type !== 'confidential') return [`personalGrant must be empty for a ${type} client`];
  return lifetime >= PERSONAL_LIFETIME_SECONDS
    ? []
    : [
        `refreshTokenLifetimeSeconds must be at least ${PERSONAL_LIFETIME_SECONDS} with a personalGrant, which ends then because nothing refreshes it: set it in the same change, for example to 315360000 for ten years`,
      ];
};

/** What registered itself gets nothing before somebody has looked at it. */
const faultsOfPending = ({ id, registration, disabledAtMs }: Client): readonly Sentence[] =>
  registration !== undefined && registration.approvedAtMs === undefined && disabledAtMs === undefined
    ? [
        {
          en: `the client registered itself and waits for approval: look at it with "keyfob registration list", and then run "keyfob registration approve ${id}"`,
          ko: `스스로 등록하고 승인을 기다리는 클라이언트입니다. 승인 대기 페이지에서 승인하거나 "keyfob registration approve ${id}"를 실행하세요.`,
        },
      ]
    : [];

const faultsOfKeys = ({ type, policy, keys }: Client): readonly string[] => {
  const { clientAuthentication } = policy;
  if (type === 'public') {
    if (keys !== undefined) return ['a public client must have no keys, because it does not authenticate'];
    return clientAuthentication === 'private_key_jwt' || clientAuthentication.includes('tls')
      ? [`clientAuthentication must be both for a public client, which does not authenticate`]
      : [];
  }
  const needsKeys =
    clientAuthentication === 'private_key_jwt' || clientAuthentication === 'self_signed_tls_client_auth';
  return needsKeys && keys === undefined
    ? [`clientAuthentication ${clientAuthentication} needs the keys of the client: give jwks or jwksUri`]
    : [];
};

const faultsOfRedirects = (uris: readonly string[]): readonly Sentence[] => {
  if (uris.length > REDIRECT_URIS_MAX)
    return [
      {
        en: `there must be at most ${REDIRECT_URIS_MAX} redirect URIs: remove those that are not in use`,
        ko: `리디렉션 URI는 최대 ${REDIRECT_URIS_MAX}개입니다. 쓰지 않는 것을 제거하세요.`,
      },
    ];
  return uris.flatMap((uri) => {
    const fault = faultOfRedirectUri(uri);
    return fault === undefined ? [] : [faultOfUri(uri, fault)];
  });
};

/** RFC 9700 §2.2.2: a token stolen from a public client must be noticed. */
const faultsOfPublic = ({ rotation, onReplay, clientCredentials }: Policy): readonly string[] => [
  ...(rotation === 'none'
    ? ['rotation must not be none for a public client: use strict, overlap or until-used']
    : []),
  ...(onReplay === 'revoke' ? [] : ['onReplay must be revoke for a public client']),
  ...(clientCredentials
    ? ['clientCredentials must be false for a public client, which has no credentials']
    : []),
];

const faultsOfResourceServer = ({ policy, redirectUris, consentRedirectUri }: Client): readonly Fault[] => [
  ...(redirectUris.length > 0 || consentRedirectUri !== undefined
    ? [
        {
          en: 'a resource-server client must have no redirect URI, because owners are never sent to it: use type confidential',
          ko: '리소스 서버에는 소유자를 보내지 않으므로 리디렉션 URI를 둘 수 없습니다. 기밀 유형의 클라이언트를 사용하세요.',
        },
      ]
    : []),
  ...(policy.clientCredentials
    ? ['clientCredentials must be false for a resource-server client, which only checks tokens']
    : []),
];
