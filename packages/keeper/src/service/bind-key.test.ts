import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { openKeeper } from '../keeper.ts';
import type { Keeper } from '../keeper.ts';
import type { LogEvent } from '../refresh/engine.ts';
import { memoryStore } from '../stores/sqlite/open.ts';
import type { ServiceKey } from '../stores/service-keys.ts';
import type { Store } from '../stores/store.ts';
import { systemClock } from '../time.ts';
import { parseKeys } from '../vault/key-ring.ts';
import type { KeyRing } from '../vault/key-ring.ts';
import { openKeyBook } from './key-book.ts';
import { createServiceKey, digestOfKey, listServiceKeys } from './keys.ts';

const keysOf = (...bytes: number[]): KeyRing =>
  parseKeys(bytes.map((byte) => Buffer.alloc(32, byte).toString('base64url')));
const KEYS = keysOf(1);

const open = async (store: Store, keys = KEYS): Promise<Keeper> =>
  openKeeper({
    store: async () => ({ ...store, close: async () => undefined }),
    keys,
    clients: {},
    isScheduling: false,
  });

/** Whether a service on this store accepts a key, and what it logs. */
const ask = async (store: Store, text: string, keys = KEYS) => {
  const log: LogEvent[] = [];
  const book = await openKeyBook(store, keys, systemClock, (event) => void log.push(event));
  const found = await book.find(text);
  await book.stop();
  return { scopes: found?.scopes, log };
};

const made = async () => {
  const store = await memoryStore()(systemClock);
  const keeper = await open(store);
  const { key } = await createServiceKey(keeper, {
    name: 'app',
    scopes: ['metrics'],
    namePrefix: 'fleet:',
  });
  const [row] = await store.serviceKeys();
  assert.ok(row);
  return { store, keeper, key, row };
};

describe('a key of the service', () => {
  it('is accepted as it was made', async () => {
    const { store, key } = await made();
    assert.deepEqual(await ask(store, key), { scopes: ['metrics'], log: [] });
  });

  const changes: Readonly<Record<string, (row: ServiceKey) => Partial<ServiceKey>>> = {
    'with more scopes': () => ({ scopes: ['tokens:read', 'metrics'] }),
    'without its prefix': () => ({ namePrefix: undefined }),
    'with another end': () => ({ expiresAtMs: 9e15 }),
    'with the digest of another key': () => ({
      digest: Buffer.from(digestOfKey(`kfk_${'A'.repeat(43)}`) ?? '', 'hex'),
    }),
    'without its binding': () => ({ binding: new Uint8Array() }),
    'with a binding that was cut': ({ binding }) => ({ binding: binding.subarray(0, 8) }),
  };
  for (const [what, change] of Object.entries(changes))
    it(`that somebody has written to the database ${what} is refused, reported once, and listed`, async () => {
      const { store, keeper, key, row } = await made();
      await store.removeServiceKey('app');
      await store.addServiceKey({ ...row, ...change(row) }, 10);
      const text = what.includes('digest') ? `kfk_${'A'.repeat(43)}` : key;
      const { scopes, log } = await ask(store, text);
      assert.deepEqual([scopes, log], [undefined, [{ event: 'service_key.refused', name: 'app' }]]);
      assert.equal((await listServiceKeys(keeper))[0]?.isBound, false);
    });

  it('is bound with the new key after a change of keys; one that was refused stays so', async () => {
    const { store, key, row } = await made();
    const stranger = `kfk_${'A'.repeat(43)}`;
    const digest = Buffer.from(digestOfKey(stranger) ?? '', 'hex');
    await store.addServiceKey({ ...row, name: 'stranger', digest }, 10);
    assert.equal((await (await open(store, keysOf(2, 1))).rekey()).resealed, 1);
    assert.deepEqual((await ask(store, key, keysOf(2))).scopes, ['metrics']);
    assert.equal((await ask(store, stranger, keysOf(2))).scopes, undefined);
  });
});
