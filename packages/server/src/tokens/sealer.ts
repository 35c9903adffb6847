import { createCipheriv, createDecipheriv, timingSafeEqual } from 'node:crypto';

/** Bytes of a block, the unit that is sealed: one block of AES. */
export const BLOCK_BYTES = 16;

/** Blocks that were opened together. */
export type OpenedBlocks = {
  readonly blocks: Buffer;
  /** The places, from 0, of the blocks whose authentication code does not fit. */
  readonly misfits: ReadonlySet<number>;
};

/** Seals blocks under one key and one purpose, and opens what it sealed. */
export type Sealer = {
  /**
   * The sealed blocks, each followed by `macBytes` bytes of its authentication code (0 to 16). Many blocks in one call cost
   * little more than one.
   */
  seal(blocks: Buffer, macBytes: number): Buffer;
  /** The block again, or `undefined` where the authentication code does not fit. Without a code, any 16 bytes open. */
  open(sealed: Buffer): Buffer | undefined;
  /** Opens many sealed blocks in one call, each followed by `macBytes` bytes of its code. */
  openAll(sealed: Buffer, macBytes: number): OpenedBlocks;
};

/**
 * A sealer over two 32-byte keys.
 *
 * Every block passes through AES-256 by itself, as a permutation of 128 bits: no mode, no padding, no nonce. No two
 * tokens share a block, so equal blocks, the weakness of a bare block cipher over longer texts, cannot occur. The
 * authentication code is AES of the sealed block under the second key, cut short: one fixed-length block, where a
 * block cipher is a sound MAC (NIST SP 800-38B, whose CMAC reduces to this but for a constant).
 *
 * The cipher objects are made once and reused: making one costs more than encrypting a block.
 */
export const createSealer = (key: Buffer, macKey: Buffer): Sealer => {
  const cipher = createCipheriv('aes-256-ecb', key, null).setAutoPadding(false);
  const decipher = createDecipheriv('aes-256-ecb', key, null).setAutoPadding(false);
  const mac = createCipheriv('aes-256-ecb', macKey, null).setAutoPadding(false);

  const openAll = (sealed: Buffer, macBytes: number): OpenedBlocks => {
    if (macBytes === 0) return { blocks: decipher.update(sealed), misfits: NONE };
    const { blocks, codes } = separate(sealed, macBytes);
    return { blocks: decipher.update(blocks), misfits: findMisfits(codes, mac.update(blocks), macBytes) };
  };

  return {
    seal(blocks, macBytes) {
      const sealed = cipher.update(blocks);
      return macBytes === 0 ? sealed : join(sealed, mac.update(sealed), macBytes);
    },
    open(sealed) {
      const { blocks, misfits } = openAll(sealed, sealed.length - BLOCK_BYTES);
      return misfits.size > 0 ? undefined : blocks;
    },
    openAll,
  };
};

const NONE: ReadonlySet<number> = new Set();

/** Each block, followed by the first bytes of its authentication code. */
const join = (blocks: Buffer, codes: Buffer, macBytes: number): Buffer => {
  const stride = BLOCK_BYTES + macBytes;
  const joined = Buffer.allocUnsafe((blocks.length / BLOCK_BYTES) * stride);
  for (let from = 0, at = 0; from < blocks.length; from += BLOCK_BYTES, at += stride) {
    blocks.copy(joined, at, from, from + BLOCK_BYTES);
    codes.copy(joined, at + BLOCK_BYTES, from, from + macBytes);
  }
  return joined;
};

/** The blocks, and their cut authentication codes one after the other. */
const separate = (sealed: Buffer, macBytes: number): { readonly blocks: Buffer; readonly codes: Buffer } => {
  const stride = BLOCK_BYTES + macBytes;
  const count = sealed.length / stride;
  const blocks = Buffer.allocUnsafe(count * BLOCK_BYTES);
  const codes = Buffer.allocUnsafe(count * macBytes);
  for (let index = 0, from = 0; index < count; index++, from += stride) {
    sealed.copy(blocks, index * BLOCK_BYTES, from, from + BLOCK_BYTES);
    sealed.copy(codes, index * macBytes, from + BLOCK_BYTES, from + stride);
  }
  return { blocks, codes };
};

const findMisfits = (codes: Buffer, expected: Buffer, macBytes: number): ReadonlySet<number> => {
  const misfits = new Set<number>();
  for (let index = 0; index * macBytes < codes.length; index++) {
    const code = codes.subarray(index * macBytes, (index + 1) * macBytes);
    const from = index * BLOCK_BYTES;
    if (!timingSafeEqual(code, expected.subarray(from, from + macBytes))) misfits.add(index);
  }
  return misfits;
};
