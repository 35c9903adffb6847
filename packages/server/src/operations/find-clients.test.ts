import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Client } from '../clients/client.ts';
import { searchClients } from '../clients/client-search.ts';
import type { ClientPage, ClientPlace, ClientSearch } from '../clients/client-search.ts';
import type { OperationContext } from './context.ts';
import { CLIENTS_SEARCHED_MAX, findClients } from './find-clients.ts';

const clients = Array.from(
  { length: CLIENTS_SEARCHED_MAX * 2 + 500 },
  (_, index) => ({ id: `client-${index}`, name: '', createdAtMs: index }) as unknown as Client,
);
const store = {
  findClients: async (search: ClientSearch) => searchClients(clients, search),
  findClientPlace: async (page: ClientPage) => searchClients(clients, page)[page.limit - 1],
  readClient: async (id: string) => ({ client: clients.find((client) => client.id === id), keys: [] }),
} as unknown as OperationContext['store'];

/** All pages of a list, as ids. */
const pagesOf = async (search: {
  readonly text?: string;
  readonly limit: number;
  readonly ids?: readonly string[];
}): Promise<readonly (readonly string[])[]> => {
  const pages: (readonly string[])[] = [];
  let after: ClientPlace | undefined;
  do {
    const found = await findClients({ store }, { ...search, after });
    pages.push(found.clients.map(({ id }) => id));
    after = found.next;
  } while (after !== undefined);
  return pages;
};

const [FIRST, SECOND, LAST] = ['client-7', `client-${CLIENTS_SEARCHED_MAX}`, `client-${clients.length - 1}`];

for (const [text, pages] of [
  ['none', [[], [], []]],
  [SECOND, [[], [SECOND], []]],
  [LAST, [[], [], [LAST]]],
] as const)
  void test(`a search for ${text} goes on after each ${CLIENTS_SEARCHED_MAX} clients until it has looked at all`, async () => {
    assert.deepEqual(await pagesOf({ text, limit: 10 }), pages);
  });

void test('a search finds each client once, however its pages end', async () => {
  const pages = await pagesOf({ text: '00', limit: 50 });
  const expected = clients.filter(({ id }) => id.includes('00')).map(({ id }) => id);
  assert.deepEqual(pages.flat(), expected);
  assert.ok(pages.every(({ length }) => length <= 50));
});

void test('a search among own clients, and a list without a text, end with their last client', async () => {
  const ids = [FIRST, LAST];
  assert.deepEqual(await pagesOf({ text: 'client', ids, limit: 10 }), [ids]);
  const pages = await pagesOf({ limit: CLIENTS_SEARCHED_MAX });
  assert.deepEqual(
    pages.map(({ length }) => length),
    [CLIENTS_SEARCHED_MAX, CLIENTS_SEARCHED_MAX, 500],
  );
});
