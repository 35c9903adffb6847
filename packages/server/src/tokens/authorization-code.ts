import type { Seconds } from '../clock.ts';
import type { GrantId } from './grant-id.ts';
import type { KeyRing, SealKey } from './key-ring.ts';
import { readingsOf } from './open-blocks.ts';
import type { BlockCheck } from './open-blocks.ts';
import { BLOCK_BYTES } from './sealer.ts';
import type { Shape } from './shape.ts';

const ISSUED_AT = 8;
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
  block.writeUInt32BE(issuedAt, ISSUED_AT);
  return shape.write(key.sealers.code.seal(block, shape.macBytes));
};

/**
 * Everything that an authorization code may say, one reading for each usable key and candidate block that its check fits:
 * nearly always one. Empty for a code that no key of the ring sealed which is neither compromised nor retired.
 */
export const readingsOfCode = (
  ring: KeyRing,
  shape: Shape,
  text: string,
): readonly OpenedCode[] | 'malformed' => {
  const sealed = shape.read(text);
  if (sealed === 'malformed') return sealed;
  return ring.seal.usable.flatMap((key) =>
    readingsOf(key.sealers.code, shape, sealed, { check: hasZeroCheck, read: readBlock }),
  );
};

const hasZeroCheck: BlockCheck = (view, at) => view.getUint32(at + CHECK_AT) === 0;

const readBlock = (view: DataView, at: number): OpenedCode => ({
  grantId: view.getBigInt64(at),
  issuedAt: view.getUint32(at + ISSUED_AT),
});
