import type { GrantId } from './grant-id.ts';
import type { KeyRing, RingKey } from './key-ring.ts';
import { BLOCK_BYTES } from './sealer.ts';
import type { Shape } from './shape.ts';

/** The highest generation a token can carry: 4 bytes. At one refresh a second that is 136 years. */
export const GENERATION_MAX = 0xffff_ffff;

const CHECK_AT = 12;

/**
 * The refresh token of one generation of one grant. A function of its arguments alone, so a retry, the loser of a
 * race and another node all get the same string. The block: grant id (8 bytes), generation (4), check (4, zero).
 */
export const sealRefreshToken = (
  key: RingKey,
  shape: Shape,
  grantId: GrantId,
  generation: number,
): string => {
  const block = Buffer.alloc(BLOCK_BYTES);
  block.writeBigInt64BE(grantId, 0);
  block.writeUInt32BE(generation, 8);
  return shape.write(key.sealers.refresh.seal(block, shape.macBytes));
};

/** What a refresh token says once opened. It says nothing of whether the grant still exists. */
export type OpenedRefreshToken = { readonly grantId: GrantId; readonly generation: number };

/**
 * Opens a presented refresh token with every key of the ring, newest first. `'malformed'`: not of the dialect's
 * shape. `undefined`: of the shape, but never sealed by a key of this ring.
 */
export const openRefreshToken = (
  ring: KeyRing,
  shape: Shape,
  text: string,
): OpenedRefreshToken | 'malformed' | undefined => {
  const sealed = shape.read(text);
  if (sealed === 'malformed') return 'malformed';
  for (const key of ring.keys) {
    const block = key.sealers.refresh.open(sealed);
    if (block !== undefined && block.readUInt32BE(CHECK_AT) === 0) {
      return { grantId: block.readBigInt64BE(0), generation: block.readUInt32BE(8) };
    }
  }
  return undefined;
};
