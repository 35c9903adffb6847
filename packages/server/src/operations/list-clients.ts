import type { Client } from '../clients/client.ts';
import type { OperationContext } from './context.ts';

/** Where a list of clients goes on: after the client with this moment of creation and this id, which may be gone since. */
export type ClientPlace = Pick<Client, 'createdAtMs' | 'id'>;

const PLACE = /^(?<createdAtMs>\d{1,16})-(?<id>.{1,255})$/su;

export const writeClientPlace = ({ createdAtMs, id }: ClientPlace): string => `${createdAtMs}-${id}`;

/** `undefined` for a text that is no place. */
export const readClientPlace = (text: string): ClientPlace | undefined => {
  const { createdAtMs, id } = PLACE.exec(text)?.groups ?? {};
  return createdAtMs === undefined || id === undefined ? undefined : { createdAtMs: Number(createdAtMs), id };
};

const compare = (left: ClientPlace, right: ClientPlace): number =>
  left.createdAtMs - right.createdAtMs || (left.id < right.id ? -1 : left.id > right.id ? 1 : 0);

/**
 * Clients, oldest first. They are few, and a store has them in memory, so a page is cut out of the whole list. `isListed`: which
 * are listed. Throws `StoreError`.
 */
export const listClients = async (
  { store }: Pick<OperationContext, 'store'>,
  isListed: (clientId: string) => boolean,
  {
    after,
    limit = Infinity,
  }: { readonly after?: ClientPlace | undefined; readonly limit?: number | undefined },
): Promise<{ readonly clients: readonly Client[]; readonly next: ClientPlace | undefined }> => {
  const found = (await store.listClients())
    .filter((client) => isListed(client.id) && (after === undefined || compare(client, after) > 0))
    .sort(compare);
  const clients = found.slice(0, limit);
  return { clients, next: clients.length < found.length ? clients.at(-1) : undefined };
};
