import type { Policy } from '../clients/policy.ts';
import { splitScope } from '../clients/scopes.ts';
import type { Grant } from './grant.ts';
import { withoutTakenBack } from './vehicle-data.ts';

/** How many scopes of a grant an opaque access token can select among: one bit of the token for each. */
export const SELECTABLE_SCOPES_MAX = 16;

/** So that a refresh does not compare word by word what it compared before. Policies are parsed once per change. */
const REMEMBERED_MAX = 1000;
const remembered = new WeakMap<Policy, Map<string, string>>();

/**
 * What a grant gives access to now: the part of its scope that its client is still allowed and its owner has not taken back. The grant itself keeps its
 * scope, so that what is allowed again works again.
 */
export const allowedScopeOf = (
  { scope, vehicleData }: Pick<Grant, 'scope' | 'vehicleData'>,
  policy: Policy,
): string =>
  vehicleData === undefined
    ? allowedOf(scope, policy)
    : intersect(withoutTakenBack(scope, vehicleData), policy.grantScope ?? '');

const allowedOf = (scope: string, policy: Policy): string => {
  const known = remembered.get(policy);
  const before = known?.get(scope);
  if (before !== undefined) return before;
  const allowed = intersect(scope, policy.grantScope ?? '');
  if (known === undefined || known.size >= REMEMBERED_MAX)
    remembered.set(policy, new Map([[scope, allowed]]));
  else known.set(scope, allowed);
  return allowed;
};

/** The words of a scope that are also in another, in the order of the first. */
export const intersect = (scope: string, other: string): string => {
  const others = new Set(splitScope(other));
  return splitScope(scope)
    .filter((name) => others.has(name))
    .join(' ');
};

/**
 * Whether a refresh may ask for this scope: all of it is granted, some of it is still allowed, and an access token of the
 * client can carry that. Libraries send the scope of the grant at every refresh, so what is no longer allowed is left out, as
 * in a refresh without a scope; the answer says what is left.
 *
 * @see RFC 6749 §6
 */
export const mayRequest = (
  grant: Pick<Grant, 'scope' | 'vehicleData'>,
  policy: Policy,
  requested: string,
): boolean => {
  const granted = new Set(splitScope(grant.scope));
  if (splitScope(requested).some((name) => !granted.has(name))) return false;
  const allowed = allowedScopeOf(grant, policy);
  const wanted = intersect(allowed, requested);
  if (wanted === allowed) return true;
  return (
    wanted !== '' && (policy.accessTokenFormat === 'jwt' || selectScopes(grant.scope, wanted) !== undefined)
  );
};

/** What of a grant's scope an opaque access token selects, as bits; `undefined` if it cannot select all that is wanted. */
export const selectScopes = (scope: string, wanted: string): number | undefined => {
  const others = new Set(splitScope(wanted));
  let selection = 0;
  for (const [index, name] of splitScope(scope).entries()) {
    if (!others.has(name)) continue;
    if (index >= SELECTABLE_SCOPES_MAX) return undefined;
    selection |= 1 << index;
  }
  return selection;
};

/** The scopes of a grant that an opaque access token selects. */
export const selectedScope = (scope: string, selection: number): string =>
  splitScope(scope)
    .filter((_name, index) => index < SELECTABLE_SCOPES_MAX && (selection & (1 << index)) !== 0)
    .join(' ');
