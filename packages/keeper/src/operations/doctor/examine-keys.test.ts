import assert from 'node:assert/strict';
import { it } from 'node:test';
import { bindKey } from '../../service/bind-key.ts';
import { noteBound } from '../../start/check-keys.ts';
import { createLinkBinder } from '../../start/link-binder.ts';
import { memoryStore } from '../../stores/sqlite/open.ts';
import { systemClock } from '../../time.ts';
import { keysOf } from '../../tests/open-keeper.cases.ts';
import { examineKeys } from './examine-keys.ts';

it('doctor keeps an old key while anything needs it: also after a rekey that was stopped on its way', async () => {
  const store = await memoryStore()(systemClock);
  await noteBound(store, await store.identity(), keysOf(2));
  const found = async (): Promise<string[]> =>
    (await examineKeys(store, await store.identity(), keysOf(2, 1))).map(({ finding }) => finding);
  const [seals, removable] = await found();
  assert.match(`${seals}; ${removable}`, /seals everything; 1 given, and not needed/);

  const app = { name: 'app', digest: Buffer.alloc(32), scopes: [], namePrefix: undefined, createdAtMs: 1 };
  const key = { ...app, expiresAtMs: undefined, usedAtMs: undefined };
  await store.addServiceKey({ ...key, binding: bindKey(keysOf(1), key) }, 10);
  assert.deepEqual(await found(), ['sealed with an older key: 1 of the service keys']);

  store.useBinder(createLinkBinder(keysOf(1)));
  await store.put({
    name: 'car',
    grantId: 'grant',
    client: 'cars',
    params: {},
    lookups: [Buffer.from('token')],
    sealFor: () => ({
      sealed: Buffer.concat([Buffer.from([1]), Buffer.from(keysOf(2).current.id, 'hex')]),
      lookup: Buffer.from('token'),
      issuedAtMs: 1,
      accessExpiresAtMs: 1,
      refreshExpiresAtMs: undefined,
      endsAtMs: undefined,
    }),
    due: undefined,
    mayLink: true,
    linkPrefix: undefined,
  });
  assert.deepEqual(await found(), ['sealed with an older key: 1 of the connections, 1 of the service keys']);
  await store.close();
});
