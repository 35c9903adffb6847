import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { ServiceKey } from '@keyfob/keeper/stores';
import { bytes } from './rows.ts';
import type { OpenForContract } from './rows.ts';

const keyOf = (name: string, more: Partial<ServiceKey> = {}): ServiceKey => ({
  name,
  digest: bytes(`digest of ${name}`),
  scopes: ['tokens:read', 'metrics'],
  namePrefix: undefined,
  binding: new Uint8Array([1, 2]),
  createdAtMs: 1000,
  expiresAtMs: undefined,
  usedAtMs: undefined,
  ...more,
});

const readable = (key: ServiceKey): object => ({
  ...key,
  digest: Buffer.from(key.digest).toString(),
  binding: [...key.binding],
});

/** The keys of the service. */
export const describeServiceKeys = (name: string, open: OpenForContract): void => {
  describe(`${name}: keys of the service`, () => {
    it('a key is there for every process until it is removed', async (scope) => {
      const { store, again } = await open(scope);
      const other = await again();
      const full = keyOf('b', { namePrefix: 'fleet:', expiresAtMs: 9000 });
      assert.equal(await store.addServiceKey(full, 5), 'added');
      assert.equal(await store.addServiceKey(keyOf('a'), 5), 'added');
      const keys = await other.serviceKeys();
      assert.deepEqual(keys.map(readable), [keyOf('a'), full].map(readable));
      assert.equal(await other.removeServiceKey('b'), true);
      assert.equal(await store.removeServiceKey('b'), false);
      assert.deepEqual(
        (await store.serviceKeys()).map((key) => key.name),
        ['a'],
      );
    });

    it('a name is taken once, and there are only so many', async (scope) => {
      const { store } = await open(scope);
      assert.equal(await store.addServiceKey(keyOf('a'), 2), 'added');
      assert.equal(await store.addServiceKey(keyOf('a', { digest: bytes('other') }), 2), 'name_taken');
      assert.equal(await store.addServiceKey(keyOf('b'), 2), 'added');
      assert.equal(await store.addServiceKey(keyOf('c'), 2), 'too_many');
    });

    it('a binding is replaced where the row still has it', async (scope) => {
      const { store } = await open(scope);
      await store.addServiceKey(keyOf('a'), 2);
      await store.rebindServiceKey({ name: 'a', binding: bytes('other') }, bytes('wrong'));
      await store.rebindServiceKey(keyOf('a'), bytes('next'));
      const [key] = await store.serviceKeys();
      assert.equal(Buffer.from(key?.binding ?? []).toString(), 'next');
    });

    it('the last use never goes back', async (scope) => {
      const { store } = await open(scope);
      await store.addServiceKey(keyOf('a'), 5);
      const use = (usedAtMs: number) => store.noteServiceKeyUses([{ name: 'a', usedAtMs }]);
      await use(5000);
      await use(4000);
      await store.noteServiceKeyUses([{ name: 'gone', usedAtMs: 1 }]);
      await store.noteServiceKeyUses([]);
      assert.equal((await store.serviceKeys())[0]?.usedAtMs, 5000);
    });
  });
};
