import type { Client } from './client.ts';
import { parsePolicy } from './policy.ts';
import type { Policy, PolicyField } from './policy.ts';
import { faultOfRedirectUri } from './redirect-uri.ts';

/** What is to be changed of a client; what is absent stays. */
export type ClientChange = {
  readonly name?: string;
  /** The fields to change, as text or typed; the others stay. */
  readonly policy?: Partial<Readonly<Record<PolicyField, unknown>>>;
  /** Integer seconds, or `null` to enable. */
  readonly disabledAt?: number | null;
  readonly redirectUris?: readonly string[];
  /** `null` for the first redirect URI. */
  readonly consentRedirectUri?: string | null;
};

/** More than any client needs, and few enough to be compared at every request. */
export const REDIRECT_URIS_MAX = 50;

/** The client with the change, or the faults, one sentence each, where it would not be a client any more. */
export const changeClient = (
  client: Client,
  change: ClientChange,
): Client | { readonly faults: readonly string[] } => {
  const parsed = parsePolicy({ ...client.policy, ...change.policy });
  if ('faults' in parsed) return parsed;
  const { name = client.name, redirectUris = client.redirectUris } = change;
  const { disabledAt = client.disabledAt, consentRedirectUri = client.consentRedirectUri } = change;
  const changed = {
    ...client,
    name,
    redirectUris,
    consentRedirectUri: consentRedirectUri ?? undefined,
    policy: parsed.policy,
    disabledAt: disabledAt ?? undefined,
  };
  const faults = faultsOf(changed);
  return faults.length > 0 ? { faults } : changed;
};

/** What is wrong with a client as a whole, one sentence each. */
export const faultsOf = ({ type, dialect, policy, ...client }: Client): readonly string[] => [
  ...faultsOfRedirects([...client.redirectUris, ...[client.consentRedirectUri ?? []].flat()]),
  ...(type === 'public' ? faultsOfPublic(policy) : []),
  ...(type !== 'confidential' && dialect === 'pleos'
    ? ['the pleos dialect knows confidential clients only: its wire requires a secret']
    : []),
];

const faultsOfRedirects = (uris: readonly string[]): readonly string[] => {
  if (uris.length > REDIRECT_URIS_MAX) return [`there must be at most ${REDIRECT_URIS_MAX} redirect URIs`];
  return uris.flatMap((uri) => {
    const fault = faultOfRedirectUri(uri);
    return fault === undefined ? [] : [`the redirect URI ${uri} ${fault}`];
  });
};

/** RFC 9700 §2.2.2: what is stolen from a public client must be noticed. */
const faultsOfPublic = ({ rotation, onReplay, clientCredentials }: Policy): readonly string[] => [
  ...(rotation === 'none' ? ['rotation must not be none for a public client'] : []),
  ...(onReplay === 'revoke' ? [] : ['onReplay must be revoke for a public client']),
  ...(clientCredentials ? ['clientCredentials must be false for a public client, which has none'] : []),
];
