import type { Client } from '../../clients/client.ts';
import type { ScopeRegistry } from '../../clients/scopes.ts';
import { ok, warn } from './finding.ts';
import type { Finding } from './finding.ts';

/** Whether every scope that a client is allowed is one that the deployment knows: it cannot ask owners for another. */
export const examineScopes = (scopes: ScopeRegistry, clients: readonly Client[]): Finding => {
  const check = 'scopes';
  const unknown = clients.flatMap(({ id, dialect, policy }) =>
    [policy.grantScope, policy.clientCredentialsScope]
      .flatMap((scope) => (scope ?? '').split(' '))
      .filter((name) => name !== '' && scopes.get(dialect)?.has(name) !== true)
      .map((name) => `${name} of client ${id}`),
  );
  if (unknown.length === 0) return ok(check, 'clients are allowed only scopes that are known');
  const shown = unknown.slice(0, 3).join(', ');
  const more = unknown.length > 3 ? `, and ${unknown.length - 3} more` : '';
  return warn(
    check,
    `clients are allowed unknown scopes: ${shown}${more}`,
    'Name the file that declares them with scopesFile (KEYFOB_SCOPES_FILE), or take them away with "keyfob client set ID --grant-scope".',
  );
};
