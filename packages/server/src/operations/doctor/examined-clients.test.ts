import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Client } from '../../clients/client.ts';
import { searchClients } from '../../clients/client-search.ts';
import type { ClientSearch } from '../../clients/client-search.ts';
import type { OperationContext } from '../context.ts';
import { CLIENTS_EXAMINED_MAX, examineClients, readOldestClients } from './examined-clients.ts';
import { ok } from './finding.ts';

for (const [more, found] of [
  [0, '1000 are fine'],
  [1, 'among the oldest 1000 clients: 1000 are fine'],
  [9000, 'among the oldest 1000 clients: 1000 are fine'],
] as const)
  void test(`with ${more} clients more than a page looks at, a check says: ${found}`, async () => {
    const clients = Array.from(
      { length: CLIENTS_EXAMINED_MAX + more },
      (_, index) => ({ id: `client-${index}`, name: '', createdAtMs: index }) as unknown as Client,
    );
    const findClients = async (search: ClientSearch) => searchClients(clients, search);
    const examined = await readOldestClients({
      store: { findClients } as unknown as OperationContext['store'],
    });
    const { finding } = examineClients(examined, ({ length }) =>
      ok('scopes', { en: `${length} are fine`, ko: '' }),
    );
    assert.equal(finding.en, found);
  });
