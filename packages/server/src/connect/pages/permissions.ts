import { scopesOfDialect, splitScope } from '../../clients/scopes.ts';
import type { ScopeKind, ScopeRegistry } from '../../clients/scopes.ts';
import type { Language } from '../../language.ts';

/** What a grant permits, in plain words: what the client can see and what it can do. */
export type Permissions = { readonly reads: readonly string[]; readonly controls: readonly string[] };

/**
 * Describes a scope of a dialect. A grant may have one that the registry lost since: it is shown by its name, among what the
 * client can do, so that an owner never takes it for harmless.
 */
export const describeScope = (
  { scopes, language }: { readonly scopes: ScopeRegistry; readonly language: Language },
  dialect: string,
  scope: string,
): Permissions => {
  const known = scopesOfDialect(scopes, dialect);
  const names = splitScope(scope);
  const textsOf = (kind: ScopeKind): readonly string[] =>
    names
      .filter((name) => (known.get(name)?.kind ?? 'control') === kind)
      .map((name) => known.get(name)?.text[language] ?? name);
  return { reads: textsOf('read'), controls: textsOf('control') };
};
