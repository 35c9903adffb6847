import assert from 'node:assert/strict';
import type { Client, ClientPlace } from '@keyfob/server/clients';
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

  onStore('A search ends at a place, which is found by a number of clients.', async (store) => {
    assert.equal(await store.findClientPlace({ limit: 1 }), undefined);
    for (const [index, second] of [3, 1, 2, 2].entries())
      await store.createClient(
        sampleClient({ id: `client-${index}`, createdAtMs: CREATED_AT_MS + second * 1000 }),
      );
    const idOf = async (limit: number, after?: ClientPlace) =>
      (await store.findClientPlace({ after, limit }))?.id;
    assert.deepEqual(await Promise.all([1, 2, 3, 4, 5].map((limit) => idOf(limit))), [
      'client-1',
      'client-2',
      'client-3',
      'client-0',
      undefined,
    ]);
    const until = await store.findClientPlace({ limit: 2 });
    assert.deepEqual(until, { createdAtMs: CREATED_AT_MS + 2000, id: 'client-2' });
    assert.deepEqual(await Promise.all([1, 3].map((limit) => idOf(limit, until))), ['client-3', undefined]);
    const search = async (after?: ClientPlace) =>
      (await store.findClients({ text: 'client', after, until, limit: 10 })).map(({ id }) => id);
    assert.deepEqual(await search(), ['client-1', 'client-2']);
    assert.deepEqual(await search(until), []);
    await store.removeClient('client-2', { withGrants: false });
    assert.deepEqual(await search(), ['client-1']);
  });

  onStore('The longest lifetime of access tokens is that of any client, as it is now.', async (store) => {
    assert.equal(await store.readLongestAccessTokenLifetime(), 0);
    const { policy } = sampleClient();
    for (const [index, seconds] of [600, 86_400, 7200].entries()) {
      const longer = { ...policy, accessTokenLifetimeSeconds: seconds };
      await store.createClient(sampleClient({ id: `client-${index}`, policy: longer }));
    }
    assert.equal(await store.readLongestAccessTokenLifetime(), 86_400);
    const shorter = { policy: { accessTokenLifetimeSeconds: 60 } };
    assert.equal(await store.changeClient('client-1', shorter), 'changed');
    assert.equal(await store.readLongestAccessTokenLifetime(), 7200);
    await store.removeClient('client-2', { withGrants: false });
    assert.equal(await store.readLongestAccessTokenLifetime(), 600);
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
