import assert from 'node:assert/strict';
import { it } from 'node:test';
import { bindKey } from '../../service/bind-key.ts';
import { memoryStore } from '../../stores/sqlite/open.ts';
import { systemClock } from '../../time.ts';
import { parseKeys } from '../../vault/key-ring.ts';
import { examineServiceKeys } from './examine-service-keys.ts';

const KEYS = parseKeys([Buffer.alloc(32, 1).toString('base64url')]);

const keyOf = (name: string, byte: number) => ({
  name,
  digest: Buffer.alloc(32, byte),
  scopes: ['tokens:read'] as const,
  namePrefix: undefined,
  createdAtMs: 1,
  expiresAtMs: undefined,
  usedAtMs: undefined,
});

it('doctor names the keys of the service that it refuses, and how to make them again', async () => {
  const store = await memoryStore()(systemClock);
  assert.deepEqual(await examineServiceKeys(store, KEYS), []);
  await store.addServiceKey({ ...keyOf('app', 1), binding: bindKey(KEYS, keyOf('app', 1)) }, 10);
  assert.deepEqual(
    (await examineServiceKeys(store, KEYS)).map(({ verdict, finding }) => [verdict, finding]),
    [['ok', '1, all accepted']],
  );
  // As a version wrote it that had no binding.
  await store.addServiceKey({ ...keyOf('old', 2), binding: new Uint8Array() }, 10);
  const [found] = await examineServiceKeys(store, KEYS);
  assert.equal(found?.verdict, 'warn');
  assert.match(found.finding, /refused.*: old$/);
  assert.match(found.remedy ?? '', /key rm NAME.*key add/);
  await store.close();
});
