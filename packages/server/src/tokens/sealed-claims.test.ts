import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createKeyLines, parseKeyRing } from '../tokens/key-ring.ts';
import { openClaims, sealClaims } from './sealed-claims.ts';

const RING = parseKeyRing(createKeyLines(1, 0));
const SEALED_AT_MS = 1_750_000_000_000;
const TEXT = await sealClaims(RING, 'session', { id: 'one' }, { nowMs: SEALED_AT_MS, lifetimeSeconds: 60 });

for (const [what, afterMs, isOpened] of [
  ['at once', 0, true],
  ['until they expire', 59_999, true],
  ['no longer once they expire', 60_000, false],
  ['by a clock that is a quarter of an hour behind', -900_000, true],
  ['not where the clock that sealed them was further ahead', -900_001, false],
] as const)
  test(`sealed claims open ${what}`, async () => {
    const opened = await openClaims(RING, 'session', TEXT, SEALED_AT_MS + afterMs);
    assert.equal(opened?.claims['id'], isOpened ? 'one' : undefined);
  });

test('sealed claims open for their own purpose only', async () => {
  assert.equal(await openClaims(RING, 'selection', TEXT, SEALED_AT_MS), undefined);
});
