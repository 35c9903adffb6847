import { createCipheriv, timingSafeEqual } from 'node:crypto';
import { viewOf } from './block-view.ts';
import { BLOCK_BYTES } from './sealer.ts';

/** How many characters follow each of several sealed blocks. */
type Tails = {
  /** The sealed blocks. */
  readonly sealed: Buffer;
  /** From the beginning of one block to that of the next. */
  readonly strideBytes: number;
  /** One for each block. */
  readonly lengths: readonly number[];
};

/** Writes the characters that make a token longer than its block needs, and checks them. */
export type TailWriter = {
  /** Many in one call cost little more than one. */
  write(tails: Tails): readonly string[];
  /** Whether the characters are those of the sealed block at the beginning of `sealed`. In constant time. */
  fits(sealed: Buffer, tail: string): boolean;
};

const CHARACTERS = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
/** Every pair of characters, as the two bytes of a number. */
const PAIRS = Uint16Array.from(
  { length: CHARACTERS.length ** 2 },
  (_, pair) =>
    (CHARACTERS.charCodeAt(pair / CHARACTERS.length) << 8) | CHARACTERS.charCodeAt(pair % CHARACTERS.length),
);

/**
 * A writer of tails under one 32-byte key. Two bytes of a keystream make two characters of `0-9A-Za-z`. The keystream is
 * AES-256 of the sealed block with the numbers 0, 1, 2 … added to its last four bytes by exclusive or: a counter mode whose
 * first counter is the block, which no two tokens share. A pair has 17 or 18 of the 65536 values: 11.8 bits to guess each.
 *
 * The cipher object is made once and reused: making one costs more than all else.
 */
export const createTailWriter = (key: Buffer): TailWriter => {
  const cipher = createCipheriv('aes-256-ecb', key, null).setAutoPadding(false);

  /** The characters of all tails, each tail from a multiple of `BLOCK_BYTES` on. */
  const compute = (tails: Tails): Buffer => {
    const written = cipher.update(writeCounters(tails));
    const view = viewOf(written);
    for (let at = 0; at < written.length; at += 2)
      view.setUint16(at, PAIRS[(view.getUint16(at) * PAIRS.length) >>> 16] ?? 0);
    return written;
  };

  return {
    write(tails) {
      const written = compute(tails);
      let from = 0;
      return tails.lengths.map((length) => {
        const tail = written.toString('latin1', from, from + length);
        from += bytesFor(length);
        return tail;
      });
    },
    fits(sealed, tail) {
      const { length } = tail;
      const written = compute({ sealed, strideBytes: BLOCK_BYTES, lengths: [length] });
      return timingSafeEqual(written.subarray(0, length), Buffer.from(tail, 'latin1'));
    },
  };
};

const bytesFor = (length: number): number => Math.ceil(length / BLOCK_BYTES) * BLOCK_BYTES;

/** The counter blocks of all tails, one after the other. */
const writeCounters = ({ sealed, strideBytes, lengths }: Tails): Buffer => {
  const counters = Buffer.allocUnsafe(lengths.reduce((sum, length) => sum + bytesFor(length), 0));
  const view = viewOf(counters);
  const blocks = viewOf(sealed);
  let at = 0;
  for (let index = 0; index < lengths.length; index++) {
    const from = index * strideBytes;
    const [first, second] = [blocks.getInt32(from), blocks.getInt32(from + 4)];
    const [third, fourth] = [blocks.getInt32(from + 8), blocks.getInt32(from + 12)];
    const end = at + bytesFor(lengths[index] ?? 0);
    for (let number = 0; at < end; number++, at += BLOCK_BYTES) {
      view.setInt32(at, first);
      view.setInt32(at + 4, second);
      view.setInt32(at + 8, third);
      view.setInt32(at + 12, fourth ^ number);
    }
  }
  return counters;
};
