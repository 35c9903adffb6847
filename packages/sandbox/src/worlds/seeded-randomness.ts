import { createCipheriv, createHash } from 'node:crypto';
import type { Randomness } from '@keyfob/server';

/** A stream of bytes that follows from a seed and a purpose alone: the same seed gives the same ids, secrets and chances. */
export const createSeededRandomness = (seed: string, purpose: string): Randomness => {
  const cipher = createCipheriv('aes-256-ctr', digestOf(seed, purpose), Buffer.alloc(16));
  const bytes = (count: number): Buffer => cipher.update(Buffer.alloc(count));
  return {
    bytes,
    uuid() {
      const block = bytes(16);
      block[6] = ((block[6] ?? 0) & 0x0f) | 0x40;
      block[8] = ((block[8] ?? 0) & 0x3f) | 0x80;
      return block.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
    },
    fraction: () => bytes(6).readUIntBE(0, 6) / 2 ** 48,
  };
};

/** 32 bytes that follow from a seed and a purpose. The label keeps them apart from those of every other program. */
export const digestOf = (seed: string, purpose: string): Buffer =>
  createHash('sha256').update(`keyfob-sandbox\0${purpose}\0${seed}`).digest();
