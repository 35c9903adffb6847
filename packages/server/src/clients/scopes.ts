import type { Sentence } from '../language.ts';
import { nearestName } from '../nearest-name.ts';
import type { Client } from './client.ts';
import type { Policy } from './policy.ts';

/** What a scope lets a client do: learn something about a vehicle, or act on it. */
export const SCOPE_KINDS = ['read', 'control'] as const;
export type ScopeKind = (typeof SCOPE_KINDS)[number];

/** A scope that clients may be allowed and owners may grant. */
export type Scope = {
  /** One scope token (RFC 6749 §3.3). */
  readonly name: string;
  readonly kind: ScopeKind;
  /** What it permits, in the words of owners. */
  readonly text: Sentence;
};

/** The scopes of one dialect, by name and in the order in which they are listed. */
export type DialectScopes = ReadonlyMap<string, Scope>;

/** Every scope that a deployment knows, by dialect. */
export type ScopeRegistry = ReadonlyMap<string, DialectScopes>;

/** A scope as a deployment declares it: it replaces every documented one of its name. */
export type DeploymentScope = Scope & {
  /** The dialects whose clients may have it; none to withdraw a documented scope. */
  readonly dialects: readonly string[];
};

const NO_SCOPES: DialectScopes = new Map();

/** The registry of a deployment: what its dialects document, changed by what it declares itself. */
export const createScopeRegistry = (
  dialects: readonly { readonly name: string; readonly scopes: readonly Scope[] }[],
  declared: readonly DeploymentScope[] = [],
): ScopeRegistry => {
  const replaced = new Set(declared.map(({ name }) => name));
  return new Map(
    dialects.map(({ name: dialect, scopes }) => {
      const documented = scopes.filter(({ name }) => !replaced.has(name));
      const added = declared.filter(({ dialects: names }) => names.includes(dialect));
      return [dialect, new Map([...documented, ...added].map((scope) => [scope.name, scope]))];
    }),
  );
};

/** The scopes that clients of a dialect may be allowed; none for an unknown dialect. */
export const scopesOfDialect = (registry: ScopeRegistry, dialect: string): DialectScopes =>
  registry.get(dialect) ?? NO_SCOPES;

/** Those scopes that only read, as one scope: what a new client is allowed. */
export const joinReadScopes = (scopes: Iterable<Scope>): string =>
  [...scopes]
    .filter(({ kind }) => kind === 'read')
    .map(({ name }) => name)
    .join(' ');

/** The names of a space-separated scope. */
export const splitScope = (scope: string | undefined): readonly string[] =>
  (scope ?? '').split(' ').filter((name) => name !== '');

/** Why an owner cannot grant a client a scope, and the names that are at fault. */
export type ScopeFault = {
  readonly reason: 'scope_unknown' | 'scope_not_allowed';
  readonly names: readonly string[];
};

/** What is wrong with the allow-lists of a policy for a dialect, one sentence each, with a remedy. */
export const faultsOfAllowed = (
  registry: ScopeRegistry,
  dialect: string,
  policy: Partial<Pick<Policy, 'grantScope' | 'clientCredentialsScope'>>,
): readonly string[] => {
  const known = [...scopesOfDialect(registry, dialect).keys()];
  return (['grantScope', 'clientCredentialsScope'] as const).flatMap((field) =>
    splitScope(policy[field])
      .filter((name) => !known.includes(name))
      .map((name) => {
        const nearest = nearestName(name, known);
        const hint = nearest === undefined ? '' : `, did you mean ${nearest}?`;
        const remedy =
          hint === '' ? `: declare it in the file of the setting scopesFile, ${list(known)}` : hint;
        return `${field} names ${name}, which the ${dialect} dialect does not have${remedy}`;
      }),
  );
};

const list = (known: readonly string[]): string =>
  known.length === 0 ? 'because the dialect documents none' : `or use one of ${known.join(', ')}`;

/** A fault for an operator, one sentence with its remedy. */
export const describeScopeFault = (
  registry: ScopeRegistry,
  { id, dialect }: Pick<Client, 'id' | 'dialect'>,
  { reason, names }: ScopeFault,
): string => {
  if (reason === 'scope_not_allowed')
    return `scope has ${names.join(', ')}, which owners may not grant the client: allow it with "keyfob client set ${id} --grant-scope"`;
  return faultsOfAllowed(registry, dialect, { grantScope: names.join(' ') })
    .map((fault) => fault.replace(/^grantScope/, 'scope'))
    .join('; ');
};

/**
 * Why owners cannot grant a client this scope; `undefined` where they can. Each name must be in the registry, for the
 * client's dialect, and in the client's allow-list (`Policy.grantScope`).
 *
 * @see RFC 6749 §4.1.2.1 for `invalid_scope`
 */
export const findScopeFault = (
  registry: ScopeRegistry,
  { dialect, policy }: Pick<Client, 'dialect' | 'policy'>,
  scope: string,
): ScopeFault | undefined => {
  const names = splitScope(scope);
  const known = scopesOfDialect(registry, dialect);
  const unknown = names.filter((name) => !known.has(name));
  if (unknown.length > 0) return { reason: 'scope_unknown', names: unknown };
  const allowed = new Set(splitScope(policy.grantScope));
  const refused = names.filter((name) => !allowed.has(name));
  return refused.length > 0 ? { reason: 'scope_not_allowed', names: refused } : undefined;
};
