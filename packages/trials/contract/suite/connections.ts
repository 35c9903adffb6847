import assert from 'node:assert/strict';
import type { Store } from '@keyfob/server/stores';
import { checkRace, RACES } from './refresh-races.ts';
import {
  CREATED_AT_MS,
  fill,
  NOW_MS,
  OVERLAP_POLICY,
  refreshed,
  sampleClient,
  sampleGrant,
} from '../../support/samples.ts';
import { currentOf, sampleSecret, sampleUse, STRICT_POLICY } from '../../support/samples.ts';
import type { OnTwo } from '../register.ts';

const ROUNDS = 8;
/** The revocation of `AT` in the grant. */
const REVOCATION = { atMs: NOW_MS + 2000, cause: 'operator' } as const;
const AT = { nowMs: NOW_MS + 2000, cause: 'operator' } as const;

/** Two connections to one store: two servers, or a server and a command. */
export const connectionContract = (onTwo: OnTwo): void => {
  races(onTwo);
  endings(onTwo);
  visibility(onTwo);
};

const races = (onTwo: OnTwo): void => {
  for (const { name, policy, useDigest, loser } of RACES) {
    onTwo(
      `A token that is presented through two connections at the same time rotates once: ${name}.`,
      async (one, other) => {
        await fill(one, policy);
        for (let round = 0n; round < ROUNDS; round++) {
          await one.createGrant(sampleGrant({ id: -round }));
          const use = sampleUse(0, { presented: { grantId: -round, useDigest } });
          const results = await Promise.all([refreshed(one, use), refreshed(other, use)]);
          await checkRace(other, results, -round, loser);
        }
      },
    );
  }

  onTwo(
    'Of two grants that are created with the same id through two connections, one is stored.',
    async (one, other) => {
      const clients = [one, other].map((store) => store.createClient(sampleClient()));
      assert.deepEqual((await Promise.all(clients)).sort(), ['created', 'id_taken']);
      const grants = [one, other].map((store) => store.createGrant(sampleGrant()));
      assert.deepEqual((await Promise.all(grants)).sort(), ['created', 'id_taken']);
      const revoked = await Promise.all([one.revoke(42n, AT), other.revoke(42n, AT)]);
      assert.deepEqual([...revoked].sort(), ['revoked', 'revoked_before']);
      const reinstated = await Promise.all([
        one.reinstate(42n, { nowMs: CREATED_AT_MS }),
        other.reinstate(42n, { nowMs: CREATED_AT_MS }),
      ]);
      assert.deepEqual([...reinstated].sort(), ['not_revoked', 'reinstated']);
    },
  );
};

const endings = (onTwo: OnTwo): void => {
  onTwo('A revocation affects every refresh that is not answered yet.', async (one, other) => {
    await fill(one);
    for (let round = 0n; round < ROUNDS; round++) {
      const id = 1000n + round;
      await one.createGrant(sampleGrant({ id }));
      const use = sampleUse(0, { presented: { grantId: id } });
      const stores: readonly [Store, Store] = round % 2n === 0n ? [one, other] : [other, one];
      const [revoked, result] = await Promise.all([stores[0].revoke(id, AT), refreshed(stores[1], use)]);
      assert.equal(revoked, 'revoked');
      const isFirst = result.verdict.kind === 'rotate';
      if (!isFirst) assert.deepEqual(result.verdict, { kind: 'refuse', reason: 'revoked' });
      const grant = await one.readGrant(id);
      assert.deepEqual([grant?.generation, grant?.revocation], [isFirst ? 1 : 0, REVOCATION]);
      const later = await refreshed(stores[1], sampleUse(isFirst ? 1 : 0, { presented: { grantId: id } }));
      assert.deepEqual(later.verdict, { kind: 'refuse', reason: 'revoked' });
    }
  });

  onTwo(
    'Once a client is disabled, it is gone for every later refresh through either connection.',
    async (one, other) => {
      await fill(one);
      for (let round = 0; round < ROUNDS; round++) {
        const [before, changed] = [await one.readGrant(42n), { disabledAtMs: CREATED_AT_MS + round }];
        const use = sampleUse(before?.generation ?? 0, { nowMs: NOW_MS + round });
        const [result] = await Promise.all([other.refresh(use), one.changeClient('client-a', changed)]);
        const after = await one.readGrant(42n);
        if (result === 'client_gone') assert.deepEqual(after, before);
        else assert.deepEqual(currentOf(after), currentOf(result.grant));
        for (const store of [one, other]) assert.equal(await store.refresh(use), 'client_gone');
        await one.changeClient('client-a', { disabledAtMs: null });
      }
    },
  );

  onTwo(
    'A client that is removed while it gets a grant leaves no grant without a client.',
    async (one, other) => {
      for (let round = 0n; round < ROUNDS; round++) {
        await one.createClient(sampleClient());
        const [created, removed] = await Promise.all([
          other.createGrant(sampleGrant({ id: round })),
          one.removeClient('client-a', { withGrants: false }),
        ]);
        const pair = `${created} ${removed}`;
        assert.ok(['created has_grants', 'client_unknown removed'].includes(pair), pair);
        assert.equal(await one.countGrants(), created === 'created' ? 1 : 0);
        await one.removeClient('client-a', { withGrants: true });
        assert.equal(await other.countGrants(), 0);
      }
    },
  );

  onTwo('A grant that is reinstated while it is pruned is either gone or active.', async (one, other) => {
    await fill(one);
    for (let round = 0n; round < ROUNDS; round++) {
      const id = 100n + round;
      await one.createGrant(sampleGrant({ id }));
      await one.revoke(id, AT);
      const [reinstated, { pruned }] = await Promise.all([
        other.reinstate(id, { nowMs: CREATED_AT_MS }),
        one.prune({ limit: 100, endedBeforeMs: NOW_MS + 60_000 }),
      ]);
      assert.equal(pruned, reinstated === 'unknown' ? 1 : 0);
      assert.equal((await other.readGrant(id)) === undefined, reinstated === 'unknown');
    }
  });
};

const visibility = (onTwo: OnTwo): void => {
  onTwo(
    'A change of a client is visible to the next read through the other connection.',
    async (one, other) => {
      const read = async () => (await other.readClient('client-a')).client;
      assert.equal(await read(), undefined);
      await one.createClient(sampleClient());
      assert.deepEqual(await read(), sampleClient());
      await one.changeClient('client-a', { policy: STRICT_POLICY });
      assert.deepEqual((await read())?.policy, STRICT_POLICY);
      await one.addSecret('client-a', sampleSecret('new'));
      assert.deepEqual((await read())?.secrets, [sampleSecret('new')]);
      await one.removeSecret('client-a', 'new');
      assert.deepEqual((await read())?.secrets, []);
      await one.changeClient('client-a', { disabledAtMs: CREATED_AT_MS });
      assert.equal((await read())?.disabledAtMs, CREATED_AT_MS);
      await one.registerKey({
        number: 5,
        purpose: 'seal',
        createdAtMs: CREATED_AT_MS,
        fingerprint: 'f'.repeat(32),
      });
      assert.equal((await other.readClient('client-a')).keys[0]?.number, 5);
      await one.registerKey({
        number: 6,
        purpose: 'seal',
        createdAtMs: CREATED_AT_MS,
        fingerprint: 'e'.repeat(32),
      });
      await one.withdrawKey(5, { state: 'retired', atMs: CREATED_AT_MS });
      assert.equal((await other.readClient('client-a')).keys[1]?.withdrawal?.state, 'retired');
      await one.removeClient('client-a', { withGrants: true });
      assert.equal(await read(), undefined);
    },
  );

  onTwo(
    'A use of a secret that is recorded through one connection is not recorded again through the other.',
    async (one, other) => {
      await one.createClient(sampleClient({ secrets: [sampleSecret('new')] }));
      await other.readClient('client-a');
      await one.noteSecretUse('client-a', 'new', CREATED_AT_MS + 60_000);
      await other.noteSecretUse('client-a', 'new', CREATED_AT_MS + 61_000);
      for (const store of [one, other]) {
        const { client } = await store.readClient('client-a');
        assert.equal(client?.secrets[0]?.lastUsedAtMs, CREATED_AT_MS + 60_000);
      }
    },
  );

  onTwo('A use of a secret through one connection is read through the other.', async (one, other) => {
    await one.createClient(sampleClient({ secrets: [sampleSecret('new')] }));
    assert.equal((await other.readClient('client-a')).client?.secrets[0]?.lastUsedAtMs, undefined);
    await one.noteSecretUse('client-a', 'new', CREATED_AT_MS + 60_000);
    const { client } = await other.readClient('client-a');
    assert.equal(client?.secrets[0]?.lastUsedAtMs, CREATED_AT_MS + 60_000);
  });

  onTwo(
    'A policy that is changed through one connection applies to the next refresh through the other.',
    async (one, other) => {
      await fill(one);
      await refreshed(other, sampleUse(0));
      assert.equal((await refreshed(other, sampleUse(0))).verdict.kind, 'repeat');
      await one.changeClient('client-a', { policy: STRICT_POLICY });
      const { verdict, policy } = await refreshed(other, sampleUse(0));
      assert.deepEqual([verdict, policy], [{ kind: 'refuse', reason: 'concurrent_use' }, STRICT_POLICY]);
    },
  );

  onTwo(
    'A client that is removed and created again through one connection is the new client for the other.',
    async (one, other) => {
      await one.createClient(sampleClient({ secrets: [sampleSecret('old')] }));
      await other.readClient('client-a');
      await one.removeClient('client-a', { withGrants: true });
      const recreated = sampleClient({ policy: { ...OVERLAP_POLICY, overlapSeconds: 5 } });
      await one.createClient(recreated);
      assert.deepEqual((await other.readClient('client-a')).client, recreated);
    },
  );

  onTwo(
    'The other connection reads everything that one connection wrote about a grant, including its caller.',
    async (one, other) => {
      await fill(one);
      await refreshed(one, sampleUse(0));
      assert.deepEqual(await other.readGrant(42n), await one.readGrant(42n));
      await refreshed(other, sampleUse(1, { nowMs: NOW_MS + 1 }));
      assert.equal((await one.readGrant(42n))?.generation, 2);
      await one.revoke(42n, AT);
      assert.deepEqual((await other.readGrant(42n))?.revocation, REVOCATION);
      await other.removeClient('client-a', { withGrants: true });
      assert.equal(await one.readGrant(42n), undefined);
    },
  );
};
