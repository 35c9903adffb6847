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
  context: Pick<OperationContext, 'store' | 'dialects'>,
  clientId: string,
  change: ClientChange,
): Promise<ClientChanged> => {
  const faults = await findOptionFaults(context, clientId, change);
  if (faults.length > 0) return { outcome: 'invalid', faults };
  const changed = await context.store.changeClient(clientId, change);
  if (typeof changed === 'object') return { outcome: 'invalid', faults: changed.faults };
  const details = changed === 'unknown' ? undefined : await readClient(context, clientId);
  return details === undefined ? { outcome: 'unknown' } : { outcome: 'changed', ...details };
};

/** A client never changes its dialect, so its options can be checked before it is locked. */
const findOptionFaults = async (
  { store, dialects }: Pick<OperationContext, 'store' | 'dialects'>,
  clientId: string,
  { dialectOptions = {} }: ClientChange,
): Promise<readonly string[]> => {
  const entries = Object.entries(dialectOptions);
  const { client } = entries.length === 0 ? {} : await store.readClient(clientId);
  if (client === undefined) return [];
  const { name: dialect, options = {} } = dialects.of(client);
  return entries.flatMap(([name, value]) => {
    const choices = Object.hasOwn(options, name) ? options[name]?.choices : undefined;
    if (choices === undefined) return [`the ${dialect} dialect has no ${name}`];
    return choices.includes(value) ? [] : [`${name} must be one of ${choices.join(', ')}`];
  });
};
