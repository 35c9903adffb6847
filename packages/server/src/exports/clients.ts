/** `@keyfob/server/clients`: what a client is, its policy and its secrets, and how it authenticates. */
export { CLIENT_TYPES, isEnabled } from '../clients/client.ts';
export type { Client, ClientSecret, ClientType } from '../clients/client.ts';
export { readClientPlace, searchClients, writeClientPlace } from '../clients/client-search.ts';
export type { ClientPage, ClientPlace, ClientSearch } from '../clients/client-search.ts';
export type { ClientReading, ClientStore } from '../clients/client-store.ts';
export { LOGO_MAX_BYTES } from '../clients/logo.ts';
export type { Logo } from '../clients/logo.ts';
export { faultOfLink } from '../clients/profile.ts';
export type { ClientProfile } from '../clients/profile.ts';
export { parsePolicy, POLICY_FIELDS, SECURITY_PROFILES } from '../clients/policy.ts';
export {
  REGISTRATION_TOKEN_MAX_SECONDS,
  REGISTRATION_TOKENS_MAX,
  REGISTRATION_USES_MAX,
  waitsForApproval,
} from '../clients/registration.ts';
export type { Registration, RegistrationTerms, RegistrationToken } from '../clients/registration.ts';
export type { RegistrationStore } from '../clients/registration-store.ts';
export type { Policy, PolicyField } from '../clients/policy.ts';
export { createScopeRegistry, SCOPE_KINDS } from '../clients/scopes.ts';
export type { DeploymentScope, Scope, ScopeKind, ScopeRegistry } from '../clients/scopes.ts';
export { changeClient } from '../clients/change.ts';
export type { ClientChange } from '../clients/change.ts';
export { faultOfRedirectUri } from '../clients/redirect-uri.ts';
export {
  createClientSecret,
  digestSecret,
  findSecret,
  isInForce,
  isUseNews,
  removeSecret,
  SECRETS_MAX,
  withSecret,
} from '../clients/secret.ts';
export type { Authentication } from '../clients/authenticate.ts';
export { createThrottle } from '../clients/throttle.ts';
export type { Throttle, ThrottleLimits } from '../clients/throttle.ts';
export { JWKS_MAX_BYTES } from '../clients/client-keys.ts';
export type { ClientKeys } from '../clients/client-keys.ts';
