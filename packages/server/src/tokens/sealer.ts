import { createCipheriv, createDecipheriv, timingSafeEqual } from 'node:crypto';

/** Bytes of a block, the unit that is sealed: one block of AES. */
export const BLOCK_BYTES = 16;

/** Seals blocks under one key and one purpose, and opens what it sealed. */
export type Sealer = {
  /** The sealed block, followed by `macBytes` bytes of its authentication code (0 to 16). */
  seal(block: Buffer, macBytes: number): Buffer;
  /** The block again, or `undefined` where the authentication code does not fit. Without a code, any 16 bytes open. */
  open(sealed: Buffer): Buffer | undefined;
};

/**
 * A sealer over two 32-byte keys.
 *
 * Exactly one block passes through AES-256, as a permutation of 128 bits: no mode, no padding, no nonce. No two
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
  return {
    seal(block, macBytes) {
      const sealed = cipher.update(block);
      return macBytes === 0 ? sealed : Buffer.concat([sealed, mac.update(sealed).subarray(0, macBytes)]);
    },
    open(sealed) {
      const block = sealed.subarray(0, BLOCK_BYTES);
      const code = sealed.subarray(BLOCK_BYTES);
      if (code.length > 0 && !timingSafeEqual(code, mac.update(block).subarray(0, code.length)))
        return undefined;
      return decipher.update(block);
    },
  };
};
