import type { Client } from '../../clients/client.ts';
import { splitScope } from '../../clients/scopes.ts';

/**
 * The scopes that a request asks for. One that names scopes of the protocol only, or the client's own id, asks for all
 * that the client's registration allows, which the owner sees.
 */
export const askedScopes = (
  sent: readonly string[],
  client: Pick<Client, 'id' | 'policy'>,
  protocolScopes: readonly string[],
): readonly string[] => {
  const named = sent.filter((one) => !protocolScopes.includes(one) && one !== client.id);
  return named.length === 0 && sent.length > 0 ? splitScope(client.policy.grantScope) : named;
};
