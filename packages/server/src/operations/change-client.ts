import type { ClientChange } from '../clients/change.ts';
import type { OperationContext } from './context.ts';
import { readClient } from './read-client.ts';
import type { ClientDetails } from './read-client.ts';

export type ClientChanged =
  | ({ readonly outcome: 'changed' } & ClientDetails)
  | { readonly outcome: 'unknown' }
  /** What is wrong with the changed client, one sentence each. */
  | { readonly outcome: 'invalid'; readonly faults: readonly string[] };

/** Changes a client, its policy, or whether it is enabled. Its grants follow from the next request. Throws `StoreError`. */
export const changeClient = async (
  context: Pick<OperationContext, 'store'>,
  clientId: string,
  change: ClientChange,
): Promise<ClientChanged> => {
  const changed = await context.store.changeClient(clientId, change);
  if (typeof changed === 'object') return { outcome: 'invalid', faults: changed.faults };
  const details = changed === 'unknown' ? undefined : await readClient(context, clientId);
  return details === undefined ? { outcome: 'unknown' } : { outcome: 'changed', ...details };
};
