import assert from 'node:assert/strict';
import { CREATED_AT_MS, sampleClient, sampleSecret } from '../../support/samples.ts';
import type { OnStore } from '../register.ts';

/** What a store keeps of the use of secrets. */
export const secretUseContract = (onStore: OnStore): void => {
  onStore('The use of a secret is recorded, and recorded again after one hour.', async (store) => {
    const [one, two] = [sampleSecret('one'), sampleSecret('two', { createdAtMs: CREATED_AT_MS + 1000 })];
    const client = sampleClient({ secrets: [one, two] });
    await store.createClient(client);
    const steps = [
      [CREATED_AT_MS + 60_000, CREATED_AT_MS + 60_000],
      [CREATED_AT_MS + 60_000 + 3_599_999, CREATED_AT_MS + 60_000],
      [CREATED_AT_MS, CREATED_AT_MS + 60_000],
      [CREATED_AT_MS + 60_000 + 3_600_000, CREATED_AT_MS + 60_000 + 3_600_000],
    ] as const;
    for (const [nowMs, lastUsedAtMs] of steps) {
      await store.noteSecretUse('client-a', 'one', nowMs);
      const expected = { ...client, secrets: [{ ...one, lastUsedAtMs }, two] };
      assert.deepEqual((await store.readClient('client-a')).client, expected);
    }
  });

  onStore(
    'Recording the use of a removed or unknown secret, or for another client, changes nothing.',
    async (store) => {
      const clients = [
        sampleClient({ secrets: [sampleSecret('one')] }),
        sampleClient({ id: 'client-b', createdAtMs: CREATED_AT_MS + 1 }),
      ];
      for (const client of clients) await store.createClient(client);
      await store.addSecret('client-a', sampleSecret('two'));
      await store.removeSecret('client-a', 'two');
      for (const id of ['two', 'never', ''])
        await store.noteSecretUse('client-a', id, CREATED_AT_MS + 60_000);
      for (const id of ['client-b', 'client-c', ''])
        await store.noteSecretUse(id, 'one', CREATED_AT_MS + 60_000);
      assert.deepEqual(await store.listClients(), clients);
    },
  );

  onStore('A recorded use survives every change of the client and its other secrets.', async (store) => {
    await store.createClient(sampleClient({ secrets: [sampleSecret('one')] }));
    await store.noteSecretUse('client-a', 'one', CREATED_AT_MS + 60_000);
    await store.changeClient('client-a', { name: 'Renamed', disabledAtMs: CREATED_AT_MS + 61_000 });
    await store.addSecret('client-a', sampleSecret('two', { createdAtMs: CREATED_AT_MS + 1000 }));
    const { client } = await store.readClient('client-a');
    assert.deepEqual(
      client?.secrets.map(({ lastUsedAtMs }) => lastUsedAtMs),
      [CREATED_AT_MS + 60_000, undefined],
    );
  });
};
