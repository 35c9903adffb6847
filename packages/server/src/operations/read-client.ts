import type { Client } from '../clients/client.ts';
import type { OperationContext } from './context.ts';

/** A client, and how many grants it has. */
export type ClientDetails = { readonly client: Client; readonly grants: number };

/**
 * Answers `undefined` for an unknown client. Counts its grants, which takes a while where there are many; without `countsGrants`,
 * `grants` is 0. Throws `StoreError`.
 */
export const readClient = async (
  { store }: Pick<OperationContext, 'store'>,
  clientId: string,
  { countsGrants = true }: { readonly countsGrants?: boolean } = {},
): Promise<ClientDetails | undefined> => {
  const { client } = await store.readClient(clientId);
  if (client === undefined) return undefined;
  return { client, grants: countsGrants ? await store.countGrants(clientId) : 0 };
};
