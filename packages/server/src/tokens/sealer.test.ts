import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { BLOCK_BYTES, createSealer } from './sealer.ts';

const key = (first: number): Buffer => Buffer.from(Array.from({ length: 32 }, (_, index) => first + index));
const sealer = createSealer(key(0), key(100));
const blocks = fc
  .uint8Array({ minLength: BLOCK_BYTES, maxLength: BLOCK_BYTES })
  .map((bytes) => Buffer.from(bytes));

void test('a block is sealed as AES-256 seals it (FIPS 197, appendix C.3)', () => {
  const sealed = sealer.seal(Buffer.from('00112233445566778899aabbccddeeff', 'hex'), 0);
  assert.equal(sealed.toString('hex'), '8ea2b7ca516745bfeafc49904b496089');
});

void test('every sealed block opens to itself, with any length of authentication code', () => {
  fc.assert(
    fc.property(blocks, fc.integer({ min: 0, max: 16 }), (block, macBytes) => {
      const sealed = sealer.seal(block, macBytes);
      assert.equal(sealed.length, BLOCK_BYTES + macBytes);
      assert.deepEqual(sealer.open(sealed), block);
    }),
  );
});

void test('sealing a block again gives the same bytes, whatever was sealed and opened in between', () => {
  fc.assert(
    fc.property(blocks, blocks, (block, other) => {
      const first = sealer.seal(block, 8);
      sealer.open(sealer.seal(other, 8));
      assert.deepEqual(sealer.seal(block, 8), first);
    }),
  );
});

void test('a shorter authentication code is the beginning of a longer one', () => {
  const block = Buffer.alloc(BLOCK_BYTES, 7);
  assert.deepEqual(sealer.seal(block, 7), sealer.seal(block, 16).subarray(0, BLOCK_BYTES + 7));
});

void test('a sealed block with any bit flipped does not open where there is an authentication code', () => {
  const sealed = sealer.seal(Buffer.alloc(BLOCK_BYTES, 7), 8);
  for (let bit = 0; bit < sealed.length * 8; bit++) {
    const flipped = Buffer.from(sealed);
    flipped.writeUInt8(flipped.readUInt8(bit >> 3) ^ (1 << (bit & 7)), bit >> 3);
    assert.equal(sealer.open(flipped), undefined);
  }
});

void test('the authentication code depends on its own key', () => {
  const block = Buffer.alloc(BLOCK_BYTES, 7);
  const other = createSealer(key(0), key(101));
  assert.deepEqual(other.seal(block, 0), sealer.seal(block, 0));
  assert.equal(other.open(sealer.seal(block, 8)), undefined);
});
