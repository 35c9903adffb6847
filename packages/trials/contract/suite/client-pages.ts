import assert from 'node:assert/strict';
import type { Client } from '@keyfob/server/clients';
import { CREATED_AT_MS, sampleClient } from '../../support/samples.ts';
import type { OnStore } from '../register.ts';

/** Pages of clients, and the search for some. */
export const clientPageContract = (onStore: OnStore): void => {
  onStore('Pages of clients have each client once, in the order of their creation.', async (store) => {
    const times = [3, 1, 2, 2, 1] as const;
    for (const [index, second] of times.entries())
      await store.createClient(
        sampleClient({ id: `client-${index}`, createdAtMs: CREATED_AT_MS + second * 1000 }),
      );
    const found: string[] = [];
    let after: Client | undefined;
    do {
      const page = await store.findClients({ after, limit: 2 });
      after = page.at(-1);
      found.push(...page.map(({ id }) => id));
      // A page goes on after a client that is gone.
      if (after?.id === 'client-4') await store.removeClient('client-4', { withGrants: false });
    } while (after !== undefined);
    assert.deepEqual(found, ['client-1', 'client-4', 'client-2', 'client-3', 'client-0']);
  });

  onStore('Clients are found by a part of the id or the name.', async (store) => {
    const names = ['Charge Planner', '50%_off', 'Élan 충전', ''] as const;
    for (const [index, name] of names.entries())
      await store.createClient(
        sampleClient({ id: `App-${index}`, name, createdAtMs: CREATED_AT_MS + index }),
      );
    for (const [text, indexes] of [
      ['', [0, 1, 2, 3]],
      ['cHARGE pLAN', [0]],
      ['charge  plan', []],
      ['%_', [1]],
      ['%', [1]],
      ['l', [0, 2]],
      ['충전', [2]],
      ['Él', [2]],
      ['aPP-', [0, 1, 2, 3]],
      ['-3', [3]],
      ["'", []],
      ['\0', []],
    ] as const) {
      const found = await store.findClients({ text, limit: 10 });
      assert.deepEqual(
        found.map(({ id }) => id),
        indexes.map((index) => `App-${index}`),
        text,
      );
    }
    const after = { createdAtMs: CREATED_AT_MS, id: 'App-0' };
    const [one, ...others] = await store.findClients({ text: 'l', after, limit: 10 });
    assert.deepEqual([one?.id, others], ['App-2', []]);
  });
};
