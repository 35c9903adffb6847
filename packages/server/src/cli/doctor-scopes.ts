import type { Client, ScopeRegistry } from '../exports/clients.ts';
import type { SecretFinding } from './doctor-secrets.ts';

/** Whether every scope that a client is allowed is one that the deployment knows: it cannot ask owners for another. */
export const examineScopes = (scopes: ScopeRegistry, clients: readonly Client[]): SecretFinding => {
  const check = 'scopes';
  const unknown = clients.flatMap(({ id, dialect, policy }) =>
    [policy.grantScope, policy.clientCredentialsScope]
      .flatMap((scope) => (scope ?? '').split(' '))
      .filter((name) => name !== '' && scopes.get(dialect)?.has(name) !== true)
      .map((name) => `${name} of client ${id}`),
  );
  if (unknown.length === 0)
    return { check, finding: 'clients are allowed only scopes that are known', remedy: null };
  const shown = unknown.slice(0, 3).join(', ');
  const more = unknown.length > 3 ? `, and ${unknown.length - 3} more` : '';
  return {
    check,
    finding: `clients are allowed unknown scopes: ${shown}${more}`,
    remedy:
      'Name the file that declares them with scopesFile (KEYFOB_SCOPES_FILE), or take them away with "keyfob client set ID --grant-scope".',
  };
};
