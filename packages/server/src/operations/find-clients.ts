import type { Client } from '../clients/client.ts';
import { searchClients } from '../clients/client-search.ts';
import type { ClientPlace, ClientSearch } from '../clients/client-search.ts';
import type { OperationContext } from './context.ts';

/** How many clients one page of a search looks through. */
export const CLIENTS_SEARCHED_MAX = 10_000;

export type ClientsFound = {
  readonly clients: readonly Client[];
  /** Where the next page begins; `undefined` if this is the last one. With a text, a page may be empty and not the last. */
  readonly next: ClientPlace | undefined;
};

/** A page of clients, oldest first. `ids`: only these, for somebody who works with a few. Throws `StoreError`. */
export const findClients = async (
  context: Pick<OperationContext, 'store'>,
  { ids, ...search }: ClientSearch & { readonly ids?: readonly string[] | undefined },
): Promise<ClientsFound> => {
  const { store } = context;
  const { text = '', after, limit } = search;
  const oneMore = { ...search, limit: limit + 1 };
  if (ids !== undefined) return cutPage(searchClients(await readClients(context, ids), oneMore), limit);
  if (text === '') return cutPage(await store.findClients(oneMore), limit);
  const until = await store.findClientPlace({ after, limit: CLIENTS_SEARCHED_MAX });
  const { clients, next = until } = cutPage(await store.findClients({ ...oneMore, until }), limit);
  return { clients, next };
};

const cutPage = (found: readonly Client[], limit: number): ClientsFound => {
  const clients = found.slice(0, limit);
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
