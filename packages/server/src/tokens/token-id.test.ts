import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openAccessToken } from './access-token.ts';
import { writeGrantId } from './grant-id.ts';
import { ringOf } from './key-ring.cases.ts';
import { isUuid, uuidShape } from './shape.ts';
import { openTokenId, sealTokenId } from './token-id.ts';

const RING = ringOf(`1:sign:0:${'B'.repeat(42)}A`);
const KEY = RING.sign.active;
const OTHER = ringOf(`1:sign:0:${'C'.repeat(42)}A`).sign.active;
const GRANT = { kind: 'grant', grantId: -42n, issuedAt: 1_750_000_000 } as const;
const CLIENT = { kind: 'client', issuedAt: 1_750_000_000 } as const;

void test('the id of a grant token opens to its grant, and shows nothing of it', () => {
  const text = sealTokenId(KEY, { ...GRANT, serial: 7 });
  assert.ok(isUuid(text));
  assert.deepEqual(openTokenId(KEY, text), GRANT);
  assert.ok(!text.replaceAll('-', '').includes(writeGrantId(GRANT.grantId)));
});

void test('two tokens of one grant and one second have two ids', () => {
  const ids = [1, 2].map((serial) => sealTokenId(KEY, { ...GRANT, serial }));
  assert.equal(new Set(ids).size, 2);
});

void test("two tokens of a client's own have two ids, even of one serial on two nodes", () => {
  const ids = [1, 2].map(() => sealTokenId(KEY, { ...CLIENT, serial: 1 }));
  assert.equal(new Set(ids).size, 2);
  for (const id of ids) assert.deepEqual(openTokenId(KEY, id), CLIENT);
});

void test('an id opens by the key that sealed it, and not as an access token', () => {
  const text = sealTokenId(KEY, { ...GRANT, serial: 7 });
  assert.equal(openTokenId(OTHER, text), undefined);
  assert.equal(openAccessToken(RING, uuidShape, text), undefined);
  assert.equal(openTokenId(KEY, 'no-uuid'), undefined);
});
