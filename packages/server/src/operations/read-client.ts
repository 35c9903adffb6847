import type { Client } from '../clients/client.ts';
import { countGrants, NO_GRANTS } from './count-grants.ts';
import type { GrantCount } from './count-grants.ts';
import type { OperationContext } from './context.ts';

/** A client, and how many grants it has. */
export type ClientDetails = { readonly client: Client; readonly count: GrantCount };

/**
 * Answers `undefined` for an unknown client. Without `countsGrants`, the count is `NO_GRANTS`. Throws `StoreError`.
 */
export const readClient = async (
  context: Pick<OperationContext, 'store'>,
  clientId: string,
  { countsGrants = true }: { readonly countsGrants?: boolean } = {},
): Promise<ClientDetails | undefined> => {
  const { client } = await context.store.readClient(clientId);
  if (client === undefined) return undefined;
  return { client, count: countsGrants ? await countGrants(context, clientId) : NO_GRANTS };
};
