import type { viewClient } from '../admin/api/views.ts';
import type { ConsoleVisit } from './console-visit.ts';

type Client = ReturnType<typeof viewClient>;

/** A page of clients, and where the next one begins. */
export type ClientsRead = {
  readonly clients: readonly Client[];
  readonly next: string | null;
};

const CLIENTS_SHOWN = '50';

/** The clients that the operator works with, oldest first, one page. Throws `Problem` and `StoreError`. */
export const readClients = (
  visit: ConsoleVisit,
  search: { readonly text?: string; readonly after?: string } = {},
): Promise<ClientsRead> =>
  visit.call<ClientsRead>('GET /clients', { query: { ...search, limit: CLIENTS_SHOWN } });

/** A client, without a count of its grants: there may be a hundred thousand. Throws `Problem` and `StoreError`. */
export const readClient = (visit: ConsoleVisit, clientId: string): Promise<Client> =>
  visit.call<Client>('GET /clients/{clientId}', { path: { clientId }, query: { count: 'nothing' } });
