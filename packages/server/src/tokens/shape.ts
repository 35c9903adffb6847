import { BLOCK_BYTES } from './sealer.ts';

/** How a sealed block is written. Each string stands for at most one sealed block. */
export type Shape = {
  /** Bytes of authentication code that the shape has room for besides the block. */
  readonly macBytes: number;
  write(sealed: Buffer): string;
  /** The sealed block, or `'malformed'` for a string of another shape, which some dialects answer differently. */
  read(text: string): Buffer | 'malformed';
};

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/** Whether a text is a UUID in lower case. */
export const isUuid = (text: string): boolean => UUID.test(text);

const HEX_DIGITS = Buffer.from('0123456789abcdef');
const DASH = 0x2d;

/** A UUID in lower case. All 128 bits are the block; no version is marked. */
export const uuidShape: Shape = {
  macBytes: 0,
  write(sealed) {
    const text = Buffer.allocUnsafe(36);
    let at = 0;
    for (let index = 0; index < BLOCK_BYTES; index++) {
      if (at === 8 || at === 13 || at === 18 || at === 23) text[at++] = DASH;
      const byte = sealed[index] ?? 0;
      text[at++] = HEX_DIGITS[byte >> 4] ?? 0;
      text[at++] = HEX_DIGITS[byte & 15] ?? 0;
    }
    return text.toString('latin1');
  },
  read(text) {
    if (!isUuid(text)) return 'malformed';
    const hex =
      text.slice(0, 8) + text.slice(9, 13) + text.slice(14, 18) + text.slice(19, 23) + text.slice(24);
    return Buffer.from(hex, 'hex');
  },
};

const PAIR = /^[0-9a-f-]{36}\.[0-9a-f-]{36}$/;

/** Two UUIDs with a dot between them, the block and 16 bytes of its MAC. */
export const uuidPairShape: Shape = {
  macBytes: BLOCK_BYTES,
  write: (sealed) =>
    `${uuidShape.write(sealed.subarray(0, BLOCK_BYTES))}.${uuidShape.write(sealed.subarray(BLOCK_BYTES))}`,
  read(text) {
    const [block, mac] = PAIR.test(text) ? text.split('.').map((half) => uuidShape.read(half)) : [];
    if (block === undefined || block === 'malformed' || mac === undefined || mac === 'malformed')
      return 'malformed';
    return Buffer.concat([block, mac]);
  },
};
