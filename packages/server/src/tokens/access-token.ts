import type { Seconds } from '../clock.ts';
import type { GrantId } from './grant-id.ts';
import type { KeyRing, RingKey } from './key-ring.ts';
import { BLOCK_BYTES } from './sealer.ts';
import type { Shape } from './shape.ts';

/** What an access token says once opened. */
export type OpenedAccessToken = {
  readonly grantId: GrantId;
  readonly issuedAt: Seconds;
};

const SERIAL_AT = 12;
const CHECK_AT = 14;

/** Serials run from 0 to this. */
export const SERIAL_MAX = 0xffff;

/**
 * An access token: grant id (8 bytes), issued at (4, seconds), serial (2), check (2, zero). No row is written for
 * it. The serial only makes two tokens of one grant and one second differ; the caller counts it up.
 */
export const sealAccessToken = (
  key: RingKey,
  shape: Shape,
  token: OpenedAccessToken & { readonly serial: number },
): string => {
  const block = Buffer.alloc(BLOCK_BYTES);
  block.writeBigInt64BE(token.grantId, 0);
  block.writeUInt32BE(token.issuedAt, 8);
  block.writeUInt16BE(token.serial, SERIAL_AT);
  return shape.write(key.sealers.access.seal(block, shape.macBytes));
};

/** Opens an access token. `undefined` unless a key of the ring sealed it. */
export const openAccessToken = (ring: KeyRing, shape: Shape, text: string): OpenedAccessToken | undefined =>
  readingsOfAccessToken(ring, shape, text)[0];

/**
 * Everything that an access token may say, one reading for each key that opens it, newest first. The check is short:
 * in a shape without room for a MAC, one key in 65536 that did not seal it opens it too, to a grant that never was.
 */
export const readingsOfAccessToken = (
  ring: KeyRing,
  shape: Shape,
  text: string,
): readonly OpenedAccessToken[] => {
  const sealed = shape.read(text);
  if (sealed === 'malformed') return [];
  return ring.keys.flatMap((key) => {
    const block = key.sealers.access.open(sealed);
    if (block === undefined || block.readUInt16BE(CHECK_AT) !== 0) return [];
    return [{ grantId: block.readBigInt64BE(0), issuedAt: block.readUInt32BE(8) }];
  });
};
