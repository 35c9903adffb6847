import type { OpenedCode } from './authorization-code.ts';
import type { KeyRing, SealKey } from './key-ring.ts';
import { readingsOf } from './open-blocks.ts';
import type { BlockCheck } from './open-blocks.ts';
import { BLOCK_BYTES } from './sealer.ts';
import type { Shape } from './shape.ts';

const ISSUED_AT = 8;
const CHECK_AT = 12;
/** `DEVC`. An authorization code has zero here, so neither opens as the other. */
const CHECK = 0x44_45_56_43;

/**
 * Writes a device code: the block `grantId (8 bytes) | issuedAt (4) | DEVC (4)`, sealed under the ring key's code purpose. The
 * store holds everything else about it.
 *
 * @see RFC 8628 §3.2
 */
export const sealDeviceCode = (key: SealKey, shape: Shape, { grantId, issuedAt }: OpenedCode): string => {
  const block = Buffer.alloc(BLOCK_BYTES);
  block.writeBigInt64BE(grantId, 0);
  block.writeUInt32BE(issuedAt, ISSUED_AT);
  block.writeUInt32BE(CHECK, CHECK_AT);
  return shape.write(key.sealers.code.seal(block, shape.macBytes));
};

/** Everything that a device code may say, as `readingsOfCode` reads an authorization code. */
export const readingsOfDeviceCode = (
  ring: KeyRing,
  shape: Shape,
  text: string,
): readonly OpenedCode[] | 'malformed' => {
  const sealed = shape.read(text);
  if (sealed === 'malformed') return sealed;
  return ring.seal.usable.flatMap((key) =>
    readingsOf(key.sealers.code, shape, sealed, { check: hasDeviceCheck, read: readBlock }),
  );
};

const hasDeviceCheck: BlockCheck = (view, at) => view.getUint32(at + CHECK_AT) === CHECK;

const readBlock = (view: DataView, at: number): OpenedCode => ({
  grantId: view.getBigInt64(at),
  issuedAt: view.getUint32(at + ISSUED_AT),
});
