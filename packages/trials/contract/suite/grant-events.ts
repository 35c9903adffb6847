import assert from 'node:assert/strict';
import type { Store } from '@keyfob/server/stores';
import type { GrantEvent } from '@keyfob/server/webhooks';
import {
  CREATED_AT_MS,
  NOW_MS,
  redeemed,
  sampleClient,
  sampleCode,
  sampleCodeUse,
  sampleGrant,
  sampleVehicle,
} from '../../support/samples.ts';
import type { OnStore } from '../register.ts';

const CLIENTS = ['client-a', 'client-b'];

/** Creates two clients with one grant each. The first code is used twice; an operator revokes the other grant. */
const fillWithGrantEvents = async (store: Store): Promise<void> => {
  const vehicles = [sampleVehicle(2), sampleVehicle(1)];
  for (const [index, clientId] of CLIENTS.entries()) {
    await store.createClient(sampleClient({ id: clientId }));
    const grantId = BigInt(index - 1);
    await store.createCode(sampleCode({ grantId, clientId, vehicles }));
    await redeemed(store, sampleCodeUse({ requestId: `first-${index}`, presented: { grantId, clientId } }));
  }
  const again = { grantId: -1n, clientId: 'client-a' };
  await redeemed(store, sampleCodeUse({ requestId: 'second-0', nowMs: NOW_MS + 12_000, presented: again }));
  await redeemed(store, sampleCodeUse({ requestId: 'third-0', nowMs: NOW_MS + 13_000, presented: again }));
  await store.revoke(0n, { nowMs: CREATED_AT_MS + 5000, cause: 'operator' });
};

/** The grant, client and subject of a grant event. */
const ownerOf = (grantId: bigint) => ({
  grantId,
  clientId: CLIENTS[Number(grantId) + 1],
  subject: 'owner-1',
});

const withoutIds = (grantEvents: readonly GrantEvent[]) =>
  grantEvents.map(({ id: _id, sequence: _sequence, vins: _vins, ...grantEvent }) => grantEvent);

export const grantEventContract = (onStore: OnStore): void => {
  creationContract(onStore);
  onStore('What happens to a grant is recorded once, with its time, cause and request.', async (store) => {
    await fillWithGrantEvents(store);
    const grantEvents = await store.listGrantEvents({ after: 0, limit: 10 });
    const created = { kind: 'grant.created', atMs: NOW_MS + 1000, cause: undefined };
    assert.deepEqual(withoutIds(grantEvents), [
      { ...ownerOf(-1n), ...created, requestId: 'first-0' },
      { ...ownerOf(0n), ...created, requestId: 'first-1' },
      {
        ...ownerOf(-1n),
        kind: 'grant.revoked',
        atMs: NOW_MS + 12_000,
        cause: 'code_replay',
        requestId: 'second-0',
      },
      {
        ...ownerOf(0n),
        kind: 'grant.revoked',
        atMs: CREATED_AT_MS + 5000,
        cause: 'operator',
        requestId: undefined,
      },
    ]);
    assert.deepEqual(grantEvents[0]?.vins, [sampleVehicle(2).vin, sampleVehicle(1).vin]);
    assert.equal(new Set(grantEvents.map(({ id }) => id)).size, 4);
    assert.deepEqual(await store.listGrantEvents({ after: 0, limit: 10 }), grantEvents);
  });

  onStore(
    'Grant events are listed after a sequence number, oldest first, of all grants, one grant or one client.',
    async (store) => {
      await fillWithGrantEvents(store);
      const all = await store.listGrantEvents({ after: 0, limit: 10 });
      const sequences = all.map(({ sequence }) => sequence);
      assert.deepEqual(
        sequences,
        sequences.toSorted((a, b) => a - b),
      );
      assert.equal(new Set(sequences).size, 4);
      const found: GrantEvent[] = [];
      for (;;) {
        const page = await store.listGrantEvents({ after: found.at(-1)?.sequence ?? 0, limit: 3 });
        if (page.length === 0) break;
        found.push(...page);
      }
      assert.deepEqual(found, all);
      for (const [index, clientId] of CLIENTS.entries()) {
        const eventsOfClient = all.filter((grantEvent) => grantEvent.clientId === clientId);
        const [first] = eventsOfClient;
        const grantId = BigInt(index - 1);
        assert.deepEqual(await store.listGrantEvents({ after: 0, limit: 10, clientId }), eventsOfClient);
        assert.deepEqual(await store.listGrantEvents({ after: 0, limit: 10, grantId }), eventsOfClient);
        assert.deepEqual(await store.listGrantEvents({ after: 0, limit: 1, grantId, clientId }), [first]);
        assert.deepEqual(
          await store.listGrantEvents({ after: first?.sequence ?? 0, limit: 10, clientId }),
          eventsOfClient.slice(1),
        );
      }
      assert.deepEqual(
        await store.listGrantEvents({ after: 0, limit: 10, grantId: 0n, clientId: 'client-a' }),
        [],
      );
      assert.deepEqual(await store.listGrantEvents({ after: 0, limit: 10, grantId: 9n }), []);
    },
  );

  onStore('The grant events of the smallest, the greatest and an unknown id are found.', async (store) => {
    await store.createClient(sampleClient());
    const ids = [-(2n ** 63n), -1n, 2n ** 63n - 1n];
    for (const id of ids) await store.createGrant(sampleGrant({ id }));
    for (const grantId of [...ids, 5n]) {
      const found = await store.listGrantEvents({ after: 0, limit: 10, grantId, clientId: 'client-a' });
      assert.deepEqual(
        found.map((one) => one.grantId),
        ids.filter((id) => id === grantId),
      );
    }
    assert.deepEqual(await store.listGrantEvents({ after: 0, limit: 10, clientId: 'client-a\0' }), []);
  });

  onStore('Grant events stay after their grant and their client are removed.', async (store) => {
    await fillWithGrantEvents(store);
    const grantEvents = await store.listGrantEvents({ after: 0, limit: 10 });
    await store.prune({ limit: 10, endedBeforeMs: CREATED_AT_MS + 10 ** 12 });
    await store.removeClient('client-a', { withGrants: true });
    assert.deepEqual(await store.listGrantEvents({ after: 0, limit: 10 }), grantEvents);
  });
};

const creationContract = (onStore: OnStore): void => {
  onStore('Every way to create a grant stores exactly one grant.created event.', async (store) => {
    const client = { clientId: 'client-a' };
    const operator = {
      ...client,
      subject: 'owner-1',
      kind: 'grant.created',
      requestId: undefined,
      cause: undefined,
    };
    await store.createClient(sampleClient({ id: 'client-a' }));
    const [byOperator, byImport] = [sampleGrant({ ...client, id: 1n }), sampleGrant({ ...client, id: 2n })];
    const atMs = NOW_MS + 1234;
    assert.equal(await store.createGrant(byOperator, { nowMs: atMs }), 'created');
    assert.equal(await store.createGrant(byOperator, { nowMs: atMs + 1 }), 'id_taken');
    const unknown = sampleGrant({ id: 3n, clientId: 'client-z' });
    assert.equal(await store.createGrant(unknown, { nowMs: atMs + 1 }), 'client_unknown');
    const vehicles = [sampleVehicle(1)];
    const imported = {
      grant: byImport,
      digest: new Uint8Array(32),
      expiresAtMs: CREATED_AT_MS + 10 ** 9,
      vehicles,
    };
    assert.deepEqual(await store.importGrants([imported, { ...imported }], { nowMs: atMs }), [
      'imported',
      'there_already',
    ]);
    assert.deepEqual(await store.importGrants([imported], { nowMs: atMs + 1 }), ['there_already']);
    const presented = { ...client, grantId: 4n };
    await store.createCode(sampleCode({ ...client, grantId: 4n, vehicles }));
    await redeemed(store, sampleCodeUse({ requestId: 'request-1', nowMs: atMs, presented }));
    assert.deepEqual(withoutIds(await store.listGrantEvents({ after: 0, limit: 10 })), [
      { ...operator, grantId: 1n, atMs },
      { ...operator, grantId: 2n, atMs },
      { ...operator, grantId: 4n, atMs, requestId: 'request-1' },
    ]);
    const vins = (await store.listGrantEvents({ after: 0, limit: 10 })).map((grantEvent) => grantEvent.vins);
    assert.deepEqual(vins, [[], [sampleVehicle(1).vin], [sampleVehicle(1).vin]]);
  });
};
