import type { Fault } from '../language.ts';
import { changeKeys } from '../clients/client-keys.ts';
import { faultsOf } from '../clients/change.ts';
import type { Client, ClientType } from '../clients/client.ts';
import { faultOfName } from '../clients/display-name.ts';
import { parsePolicy } from '../clients/policy.ts';
import type { Policy, PolicyField } from '../clients/policy.ts';
import { faultsOfAllowed, joinReadScopes, scopesOfDialect } from '../clients/scopes.ts';
import { changeProfile } from '../clients/profile.ts';
import { withProfileDefaults } from '../clients/security-profile.ts';
import { senderConstraintOf } from '../clients/sender-constraint.ts';
import { createClientId } from '../clients/secret.ts';
import { faultsOfAlgorithm } from '../clients/signing-algorithm.ts';
import type { OperationContext } from './context.ts';
import { faultsOfRules } from './dialect-rules.ts';
import type { DialectRules, KnownDialects } from './dialect-rules.ts';
import { newSecret } from './new-secret.ts';

/**
 * A client to register. It starts with the policy of its dialect. Owners may grant it the scopes that only read; others
 * are named in `policy.grantScope`.
 */
export type ClientRegistration = {
  /** The name of a dialect. */
  readonly dialect: string;
  readonly type?: ClientType;
  readonly name: string;
  readonly redirectUris?: readonly string[];
  readonly consentRedirectUri?: string | undefined;
  /** Fields of the policy that differ from those of the dialect, as text or typed. */
  readonly policy?: Partial<Readonly<Record<PolicyField, unknown>>>;
  /** Who makes the app, as owners see it. */
  readonly developer?: string;
  /** Where the app says what it does with the data; https. */
  readonly privacyUrl?: string;
  /** The bytes of a PNG or JPEG image of at most 24 KiB. */
  readonly logo?: Uint8Array;
  /** Its public keys as a JWK set (RFC 7517 §5), as JSON or parsed. */
  readonly jwks?: unknown;
  /** Where it publishes its public keys; https. */
  readonly jwksUri?: string | null;
  /** Drawn before, for the audit log; a new one if it is absent. */
  readonly id?: string | undefined;
  /**
   * The id and the secret that a program has built in, instead of new ones. For a sandbox: everybody who has the program
   * knows them. Without a secret, a new one is made where the client has one.
   */
  readonly builtIn?: { readonly clientId: string; readonly clientSecret?: string | undefined };
};

export type ClientRegistered =
  | {
      readonly outcome: 'registered';
      readonly client: Client;
      /** Only a digest of it is stored; `undefined` for a client that has none. */
      readonly clientSecret: string | undefined;
    }
  /** What is wrong with the registration, one sentence each. */
  | { readonly outcome: 'invalid'; readonly faults: readonly Fault[] };

type RegisterContext = Pick<
  OperationContext,
  'store' | 'dialects' | 'scopes' | 'keyRing' | 'clock' | 'randomness'
>;

/** Registers a client with one secret, or with none if it is public or authenticates by its keys. Throws `StoreError`. */
export const registerClient = async (
  context: RegisterContext,
  registration: ClientRegistration,
): Promise<ClientRegistered> => {
  const registered = prepareClient(context, registration);
  if (registered.outcome === 'invalid') return registered;
  const { client } = registered;
  if ((await context.store.createClient(client)) === 'id_taken')
    return { outcome: 'invalid', faults: [`another client has the id ${client.id}`] };
  return registered;
};

/** What `registerClient` stores. */
export const prepareClient = (
  { dialects, scopes, keyRing, clock, randomness }: Omit<RegisterContext, 'store'>,
  registration: ClientRegistration,
): ClientRegistered => {
  const { type = 'confidential', name, redirectUris = [], consentRedirectUri, builtIn } = registration;
  const dialect = dialects.find(registration.dialect);
  if (dialect === undefined)
    return { outcome: 'invalid', faults: [faultOfDialect(registration.dialect, dialects)] };
  // A resource server gets no tokens.
  const grantScope =
    type === 'resource-server' ? '' : joinReadScopes(scopesOfDialect(scopes, dialect.name).values());
  const parsed = parsePolicy({
    ...dialect.defaultPolicy,
    grantScope,
    ...withProfileDefaults(dialect.defaultPolicy, registration.policy),
  });
  if ('faults' in parsed) return { outcome: 'invalid', faults: parsed.faults };
  const { policy } = parsed;
  const profiled = changeProfile(undefined, registration);
  const keyed = changeKeys(undefined, registration);
  const createdAtMs = clock();
  const first =
    type === 'public' || !usesSecrets(policy)
      ? undefined
      : newSecret(randomness, { name: 'first', createdAtMs, expiresAtMs: undefined }, builtIn?.clientSecret);
  const client: Client = {
    id: builtIn?.clientId ?? registration.id ?? createClientId(randomness),
    dialect: dialect.name,
    type,
    name,
    redirectUris: [...new Set(redirectUris)],
    consentRedirectUri,
    policy,
    ...('faults' in profiled ? {} : profiled),
    ...('faults' in keyed ? {} : keyed),
    createdAtMs,
    disabledAtMs: undefined,
    secrets: first === undefined ? [] : [first.secret],
  };
  const fault = faultOfName(name);
  const faults = [
    ...(fault === undefined ? [] : [`the name ${fault}`]),
    ...faultsOfBuiltIn(builtIn),
    ...('faults' in profiled ? profiled.faults : []),
    ...('faults' in keyed ? keyed.faults : faultsOf(client)),
    ...faultsOfType(type, dialect),
    ...faultsOfAlgorithm(keyRing, policy.accessTokenAlgorithm),
    ...faultsOfAllowed(scopes, dialect.name, policy),
    ...faultsOfRules(dialect, client.id, {
      redirectUris: [
        ...client.redirectUris,
        ...(consentRedirectUri === undefined ? [] : [consentRedirectUri]),
      ],
      requirePkce: policy.requirePkce,
      profile: policy.profile,
      clientAuthentication: policy.clientAuthentication,
      wantsBoundTokens: senderConstraintOf(policy) !== 'none',
    }),
  ];
  if (faults.length > 0) return { outcome: 'invalid', faults };
  return { outcome: 'registered', client, clientSecret: first?.clientSecret };
};

/** What may be in HTTP Basic in both of its readings. */
const BUILT_IN = /^[\w.~-]{1,128}$/;

const faultsOfBuiltIn = (builtIn: ClientRegistration['builtIn']): readonly string[] =>
  [builtIn?.clientId, builtIn?.clientSecret].every((text) => text === undefined || BUILT_IN.test(text))
    ? []
    : ['an id or a secret that is built in has 1 to 128 letters, digits and any of - _ . ~'];

/** Whether the client may authenticate by a secret. */
const usesSecrets = ({ clientAuthentication }: Policy): boolean =>
  ['both', 'basic', 'post'].includes(clientAuthentication);

const faultOfDialect = (name: string, { names }: KnownDialects): string =>
  `unknown dialect ${name}: use one of ${names.join(', ')}`;

const faultsOfType = (type: ClientType, { name, clientTypes }: DialectRules): readonly string[] =>
  clientTypes.includes(type)
    ? []
    : [
        `the ${name} dialect has ${clientTypes.join(' and ')} clients only: use type ${clientTypes.join(' or ')}`,
      ];
