import assert from 'node:assert/strict';
import { test } from 'node:test';
import { examineLog } from './examine-log.ts';

const MIB = 1024 * 1024;

for (const [bytes, verdict, shown] of [
  [0, 'ok', '0 MiB'],
  [16 * MIB, 'ok', '16 MiB'],
  [128 * MIB - 1, 'ok', '128 MiB'],
  [128 * MIB, 'warn', '128 MiB'],
] as const) {
  void test(`a write-ahead log of ${bytes} bytes: ${verdict}`, () => {
    const { check, finding, remedy, ...rest } = examineLog('/data/keyfob.db', bytes);
    assert.deepEqual([check, rest.verdict], ['log', verdict]);
    assert.ok(finding.en.startsWith(shown), finding.en);
    assert.equal(remedy?.en.includes('/data/keyfob.db') ?? false, verdict === 'warn');
  });
}
