import type { Client } from '../clients/client.ts';
import type { OperationContext } from './context.ts';

/** A client, and how many grants it has. */
export type ClientDetails = { readonly client: Client; readonly grants: number };

/** Answers `undefined` for an unknown client. Throws `StoreError`. */
export const readClient = async (
  { store }: Pick<OperationContext, 'store'>,
  clientId: string,
): Promise<ClientDetails | undefined> => {
  const { client } = await store.readClient(clientId);
  return client === undefined ? undefined : { client, grants: await store.countGrants(clientId) };
};
