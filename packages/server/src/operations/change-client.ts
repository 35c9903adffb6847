import type { Fault } from '../language.ts';
import type { ClientChange } from '../clients/change.ts';
import { faultsOfAllowed } from '../clients/scopes.ts';
import { faultsOfAlgorithm } from '../clients/signing-algorithm.ts';
import { PERSONAL_GRANT } from '../grant-types/personal-grant.ts';
import { readGrantId } from '../tokens/grant-id.ts';
import type { Shape } from '../tokens/shape.ts';
import type { OperationContext } from './context.ts';
import { faultsOfRules } from './dialect-rules.ts';
import type { DialectRules } from './dialect-rules.ts';
import { readClient } from './read-client.ts';
import type { ClientDetails } from './read-client.ts';

export type ClientChanged =
  | ({ readonly outcome: 'changed' } & ClientDetails)
  | { readonly outcome: 'unknown' }
  /** What is wrong with the changed client, one sentence each. */
  | { readonly outcome: 'invalid'; readonly faults: readonly Fault[] };

/** Changes a client, its policy, or whether it is enabled. Its grants follow from the next request. Throws `StoreError`. */
export const changeClient = async (
  context: Pick<OperationContext, 'store' | 'dialects' | 'scopes' | 'keyRing'>,
  clientId: string,
  change: ClientChange,
): Promise<ClientChanged> => {
  const faults = [
    ...faultsOfAlgorithm(context.keyRing, change.policy?.accessTokenAlgorithm),
    ...(await findFaults(context, clientId, change)),
  ];
  if (faults.length > 0) return { outcome: 'invalid', faults };
  const changed = await context.store.changeClient(clientId, change);
  if (typeof changed === 'object') return { outcome: 'invalid', faults: changed.faults };
  const details = changed === 'unknown' ? undefined : await readClient(context, clientId);
  return details === undefined ? { outcome: 'unknown' } : { outcome: 'changed', ...details };
};

/** A client never changes its dialect, so what depends on the dialect can be checked before the client is locked. */
const findFaults = async (
  { store, dialects, scopes }: Pick<OperationContext, 'store' | 'dialects' | 'scopes'>,
  clientId: string,
  change: ClientChange,
): Promise<readonly Fault[]> => {
  const { dialectOptions = {}, policy = {}, consentRedirectUri } = change;
  const entries = Object.entries(dialectOptions);
  const redirectUris = [
    ...(change.redirectUris ?? []),
    ...(change.addedRedirectUris ?? []),
    ...(typeof consentRedirectUri === 'string' ? [consentRedirectUri] : []),
  ];
  const requirePkce = [true, 'true'].some((one) => one === policy.requirePkce);
  const wantsBoundTokens =
    policy.profile === 'fapi2' || ['dpop', 'mtls'].some((one) => one === policy.senderConstraint);
  const allowed = Object.fromEntries(
    (['grantScope', 'clientCredentialsScope'] as const).flatMap((field) => {
      const value = policy[field];
      return typeof value === 'string' ? [[field, value]] : [];
    }),
  );
  const { accessTokenLength, personalGrant, profile, clientAuthentication } = policy;
  const isAboutDialect =
    [entries, Object.keys(allowed), redirectUris].some(({ length }) => length > 0) ||
    requirePkce ||
    wantsBoundTokens ||
    [accessTokenLength, personalGrant, profile, clientAuthentication].some((one) => one !== undefined);
  const { client } = isAboutDialect ? await store.readClient(clientId) : {};
  if (client === undefined) return [];
  const rules = dialects.of(client);
  const { name: dialect, options = {}, shapes } = rules;
  return [
    ...faultsOfAllowed(scopes, dialect, allowed),
    ...faultsOfOptions(entries, dialect, options),
    ...faultsOfRules(rules, clientId, {
      redirectUris,
      requirePkce,
      profile,
      clientAuthentication,
      wantsBoundTokens,
    }),
    ...faultsOfLength(accessTokenLength, dialect, shapes.accessToken),
    ...(await faultsOfPersonal(store, rules, clientId, personalGrant)),
  ];
};

/** A value that is no id is a fault of the policy itself. */
const faultsOfPersonal = async (
  store: Pick<OperationContext['store'], 'readGrant'>,
  { name, tokenEndpoints }: DialectRules,
  clientId: string,
  personalGrant: unknown,
): Promise<readonly string[]> => {
  const id = typeof personalGrant === 'string' ? readGrantId(personalGrant) : undefined;
  if (id === undefined) return [];
  if (!Object.values(tokenEndpoints).some((endpoint) => endpoint.serves(PERSONAL_GRANT)))
    return [`the ${name} dialect has no personalGrant`];
  const grant = await store.readGrant(id);
  return grant?.clientId === clientId
    ? []
    : [`personalGrant must be a grant of the client: create it first ("keyfob grant create")`];
};

const faultsOfLength = (length: unknown, dialect: string, { tail }: Shape): readonly string[] => {
  if (length === undefined) return [];
  if (tail === undefined)
    return [`accessTokenLength cannot be set: access tokens of the ${dialect} dialect have one length`];
  const most = tail.from + tail.maxCharacters;
  const isPossible = Number(length) >= tail.from && Number(length) <= most;
  return isPossible ? [] : [`accessTokenLength must be at least ${tail.from} and at most ${most}`];
};

const faultsOfOptions = (
  entries: readonly (readonly [name: string, value: string])[],
  dialect: string,
  options: NonNullable<DialectRules['options']>,
): readonly string[] =>
  entries.flatMap(([name, value]) => {
    const choices = Object.hasOwn(options, name) ? options[name]?.choices : undefined;
    if (choices === undefined) return [`the ${dialect} dialect has no ${name}`];
    return choices.includes(value) ? [] : [`${name} must be one of ${choices.join(', ')}`];
  });
