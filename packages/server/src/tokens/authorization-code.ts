import type { Seconds } from '../clock.ts';
import type { GrantId } from './grant-id.ts';
import type { KeyRing, SealKey } from './key-ring.ts';
import { BLOCK_BYTES } from './sealer.ts';
import type { Shape } from './shape.ts';

const CHECK_AT = 12;

/** What an authorization code says once opened: which grant it would make, and when it was issued. */
export type OpenedCode = {
  /** Of the grant that its redemption makes. */
  readonly grantId: GrantId;
  /** Integer seconds. */
  readonly issuedAt: Seconds;
};

/**
 * Writes an authorization code: the block `grantId (8 bytes) | issuedAt (4) | zero (4)`, sealed under the ring key's
 * code purpose. The store holds everything else about it.
 *
 * @see RFC 6749 §4.1.2
 */
export const sealCode = (key: SealKey, shape: Shape, { grantId, issuedAt }: OpenedCode): string => {
  const block = Buffer.alloc(BLOCK_BYTES);
  block.writeBigInt64BE(grantId, 0);
  block.writeUInt32BE(issuedAt, 8);
  return shape.write(key.sealers.code.seal(block, shape.macBytes));
};

/** Opens an authorization code. `undefined` unless a key of the ring sealed it that is neither compromised nor retired. */
export const openCode = (ring: KeyRing, shape: Shape, text: string): OpenedCode | 'malformed' | undefined => {
  const sealed = shape.read(text);
  if (sealed === 'malformed') return 'malformed';
  for (const key of ring.seal.usable) {
    const block = key.sealers.code.open(sealed);
    if (block !== undefined && block.readUInt32BE(CHECK_AT) === 0)
      return { grantId: block.readBigInt64BE(0), issuedAt: block.readUInt32BE(8) };
  }
  return undefined;
};
