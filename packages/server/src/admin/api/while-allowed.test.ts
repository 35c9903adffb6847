import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readAudit } from '../../operations/read-audit.ts';
import { recordAudit } from '../../operations/record-audit.ts';
import { openMemoryStore } from '../../stores/sqlite/memory-store.ts';
import { whileAllowed } from './while-allowed.ts';

const NOBODY_LEFT = new AbortController().signal;

test('an export by a key that is removed on the way is cut, and reads no further', async (t) => {
  const store = openMemoryStore();
  t.after(() => store.close());
  const operator = { kind: 'key', id: 'a', name: 'a', role: 'operator' } as const;
  const audited = { operator, action: 'grant.read', target: '', reason: '', requestId: '' };
  await Promise.all(
    Array.from({ length: 1500 }, () => recordAudit({ store, clock: () => 1 }, audited, 'seen')),
  );
  const exportFor = async (pagesAllowed: number) => {
    let written = 0;
    let pages = 0;
    const run = whileAllowed(
      ({ write, drained, signal }) =>
        readAudit(
          { store },
          0,
          async (page) => {
            write('a page');
            written += page.length;
            pages++;
            await drained();
          },
          signal,
        ),
      async () => pages < pagesAllowed,
    );
    const outcome = await run({ write: () => {}, drained: async () => {}, signal: NOBODY_LEFT });
    return [outcome, written];
  };
  assert.deepEqual(await exportFor(1), ['cut', 500]);
  assert.deepEqual(await exportFor(2), ['cut', 1000]);
  assert.deepEqual(await exportFor(9), [undefined, 1500]);
});
