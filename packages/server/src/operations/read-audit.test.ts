import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openMemoryStore } from '../stores/sqlite/memory-store.ts';
import { readAudit } from './read-audit.ts';
import { recordAudit } from './record-audit.ts';

test('an export whose reader has left reads no further', async (t) => {
  const store = openMemoryStore();
  t.after(() => store.close());
  const operator = { kind: 'command', id: 'a', name: 'a', role: 'admin' } as const;
  const audited = { operator, action: 'grant.read', target: '', reason: '', requestId: '' };
  await Promise.all(
    Array.from({ length: 1001 }, () => recordAudit({ store, clock: () => 1 }, audited, 'seen')),
  );
  const readUntil = async (leavesAfter: number): Promise<number> => {
    const left = new AbortController();
    let pages = 0;
    await readAudit({ store }, 0, () => void (++pages === leavesAfter && left.abort()), left.signal);
    return pages;
  };
  assert.deepEqual([await readUntil(1), await readUntil(2), await readUntil(9)], [1, 2, 3]);
});
