import type { Client } from '../clients/client.ts';
import { searchClients } from '../clients/client-search.ts';
import type { ClientPlace, ClientSearch } from '../clients/client-search.ts';
import type { OperationContext } from './context.ts';

export type ClientsFound = {
  readonly clients: readonly Client[];
  /** Where the next page begins; `undefined` if this is the last one. */
  readonly next: ClientPlace | undefined;
};

/** A page of clients, oldest first. `ids`: only these, for somebody who works with a few. Throws `StoreError`. */
export const findClients = async (
  context: Pick<OperationContext, 'store'>,
  { ids, ...search }: ClientSearch & { readonly ids?: readonly string[] | undefined },
): Promise<ClientsFound> => {
  const oneMore = { ...search, limit: search.limit + 1 };
  const found =
    ids === undefined
      ? await context.store.findClients(oneMore)
      : searchClients(await readClients(context, ids), oneMore);
  const clients = found.slice(0, search.limit);
  return { clients, next: clients.length < found.length ? clients.at(-1) : undefined };
};

/** Those of these ids that there are. */
const readClients = async (
  { store }: Pick<OperationContext, 'store'>,
  ids: readonly string[],
): Promise<readonly Client[]> => {
  const readings = await Promise.all(ids.map(async (id) => store.readClient(id)));
  return readings.flatMap(({ client }) => client ?? []);
};
