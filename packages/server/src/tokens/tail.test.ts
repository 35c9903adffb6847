import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { createTailWriter } from './tail.ts';

const KEY = Buffer.from(Array.from({ length: 32 }, (_, index) => index));
const writer = createTailWriter(KEY);
const blocks = fc.uint8Array({ minLength: 16, maxLength: 16 }).map((bytes) => Buffer.from(bytes));
const lengths = fc.nat({ max: 500 });
const writeOne = (sealed: Buffer, length: number): string =>
  writer.write({ sealed, strideBytes: 16, lengths: [length] })[0] ?? '';

test('a tail has exactly its length, of letters and digits, and fits its block', () => {
  fc.assert(
    fc.property(blocks, lengths, (block, length) => {
      const tail = writeOne(block, length);
      assert.equal(tail.length, length);
      assert.match(tail, /^[0-9A-Za-z]*$/);
      assert.ok(writer.fits(block, tail));
    }),
  );
});

test('a longer tail of a block begins as a shorter one', () => {
  const block = Buffer.alloc(16, 0x5a);
  const whole = writeOne(block, 392);
  for (let length = 0; length <= 392; length++) assert.equal(writeOne(block, length), whole.slice(0, length));
});

test('tails that are written together are the same as one by one, whatever stands between the blocks', () => {
  const tails = fc.array(fc.tuple(blocks, lengths), { maxLength: 10 });
  fc.assert(
    fc.property(tails, fc.nat({ max: 16 }), (wanted, gap) => {
      const sealed = Buffer.concat(wanted.flatMap(([block]) => [block, Buffer.alloc(gap, 0xff)]));
      assert.deepEqual(
        writer.write({ sealed, strideBytes: 16 + gap, lengths: wanted.map(([, length]) => length) }),
        wanted.map(([block, length]) => writeOne(block, length)),
      );
    }),
  );
});

test('a tail with one character changed does not fit', () => {
  const block = Buffer.alloc(16, 0x5a);
  const tail = writeOne(block, 50);
  for (let at = 0; at < tail.length; at++)
    for (const other of ['0', 'z', '-', 'é'])
      if (other !== tail[at]) assert.ok(!writer.fits(block, tail.slice(0, at) + other + tail.slice(at + 1)));
});

test('a tail fits no other block and no other key', () => {
  const other = createTailWriter(Buffer.alloc(32, 1));
  fc.assert(
    fc.property(blocks, fc.nat({ max: 127 }), (block, bit) => {
      const tail = writeOne(block, 40);
      const changed = Buffer.from(block);
      changed.writeUInt8(changed.readUInt8(bit >> 3) ^ (1 << (bit & 7)), bit >> 3);
      assert.ok(!writer.fits(changed, tail));
      assert.ok(!other.fits(block, tail));
    }),
  );
});

test('every character occurs, about as often as the others', () => {
  const counts = new Map<string, number>();
  for (let index = 0; index < 100; index++) {
    const block = Buffer.alloc(16);
    block.writeUInt32BE(index);
    for (const character of writeOne(block, 620)) counts.set(character, (counts.get(character) ?? 0) + 1);
  }
  assert.equal(counts.size, 62);
  // 1000 on average; 160 are five standard deviations.
  for (const [character, count] of counts) assert.ok(Math.abs(count - 1000) < 160, `${character}: ${count}`);
});
