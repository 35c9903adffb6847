import type { viewClient } from '../admin/api/views.ts';
import type { ConsoleVisit } from './console-visit.ts';

type Client = ReturnType<typeof viewClient>;
type Page = { readonly clients: readonly Client[]; readonly next: string | null };

/** Every client that the operator works with, for a choice of one. Throws `Problem` and `StoreError`. */
export const readEveryClient = async (visit: ConsoleVisit): Promise<readonly Client[]> => {
  const found: Client[] = [];
  let after: string | undefined;
  do {
    const query = { limit: '100', after };
    const { clients, next } = await visit.call<Page>('GET /clients', { query });
    found.push(...clients);
    after = next ?? undefined;
  } while (after !== undefined);
  return found;
};
