import { BLOCK_BYTES } from './sealer.ts';

/** Where a text goes on after its sealed block, with characters that are computed from the block (`TailWriter`). */
export type TailPlace = {
  /** The characters before the tail, which are the sealed block. */
  readonly from: number;
  /** A tail has from 0 to this many characters. */
  readonly maxCharacters: number;
};

/** How a sealed block is written. Each string stands for at most one sealed block. */
export type Shape = {
  /** Bytes of authentication code that the shape has room for besides the block. */
  readonly macBytes: number;
  /** Absent where a text is the sealed block and nothing else. */
  readonly tail?: TailPlace;
  /** The sealed block that begins at `at` (by default 0), with its authentication code. */
  write(sealed: Buffer, at?: number): string;
  /** The sealed block, or `'malformed'` for a string of another shape, which some dialects answer differently. */
  read(text: string): Buffer | 'malformed';
  /** Reads the sealed block to `at` in `target`. `false` for a string of another shape; then `target` holds anything there. */
  readInto(text: string, target: Buffer, at: number): boolean;
};

/** A shape, from how it reads into a buffer. */
export const createShape = (shape: Omit<Shape, 'read'>): Shape => ({
  ...shape,
  read(text) {
    const sealed = Buffer.alloc(BLOCK_BYTES + shape.macBytes);
    return shape.readInto(text, sealed, 0) ? sealed : 'malformed';
  },
});

const TAIL = /^[0-9A-Za-z]*$/;

/** A shape whose texts may go on with letters and digits. It reads the block; who opens the token checks the rest. */
export const withTail = (shape: Shape, tail: TailPlace): Shape =>
  createShape({
    macBytes: shape.macBytes,
    tail,
    write: (sealed, at) => shape.write(sealed, at),
    readInto: (text, target, at) =>
      text.length <= tail.from + tail.maxCharacters &&
      TAIL.test(text) &&
      shape.readInto(text.slice(0, tail.from), target, at),
  });

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/** Whether a text is a UUID in lower case. */
export const isUuid = (text: string): boolean => UUID.test(text);

const UUID_CHARACTERS = 36;
const DASH = 0x2d;
const DASHES_AT = [8, 13, 18, 23];
/** Where in a UUID the two digits of each byte are. */
const BYTES_AT = [0, 2, 4, 6, 9, 11, 14, 16, 19, 21, 24, 26, 28, 30, 32, 34];
const DIGITS = Buffer.from('0123456789abcdef');
/** The value of each digit by its character code; -1 for other characters. */
const VALUES = new Int8Array(128).fill(-1);
DIGITS.forEach((code, value) => (VALUES[code] = value));
/** Where a UUID is written before it becomes a string. */
const written = Buffer.alloc(UUID_CHARACTERS, DASH);

/** A UUID in lower case. All 128 bits are the block; no version is marked. */
export const uuidShape = createShape({
  macBytes: 0,
  write(sealed, at = 0) {
    for (let index = 0; index < BLOCK_BYTES; index++) {
      const byte = sealed[at + index] ?? 0;
      const place = BYTES_AT[index] ?? 0;
      written[place] = DIGITS[byte >> 4] ?? 0;
      written[place + 1] = DIGITS[byte & 15] ?? 0;
    }
    return written.toString('latin1');
  },
  readInto(text, target, at) {
    if (text.length !== UUID_CHARACTERS) return false;
    for (const place of DASHES_AT) if (text.charCodeAt(place) !== DASH) return false;
    // Negative as soon as one character is no digit.
    let sign = 0;
    for (let index = 0; index < BLOCK_BYTES; index++) {
      const place = BYTES_AT[index] ?? 0;
      const high = VALUES[text.charCodeAt(place)] ?? -1;
      const low = VALUES[text.charCodeAt(place + 1)] ?? -1;
      sign |= high | low;
      target[at + index] = (high << 4) | low;
    }
    return sign >= 0;
  },
});

const PAIR_CHARACTERS = 2 * UUID_CHARACTERS + 1;

/** Two UUIDs with a dot between them, the block and 16 bytes of its MAC. */
export const uuidPairShape = createShape({
  macBytes: BLOCK_BYTES,
  write: (sealed, at = 0) => `${uuidShape.write(sealed, at)}.${uuidShape.write(sealed, at + BLOCK_BYTES)}`,
  readInto(text, target, at) {
    if (text.length !== PAIR_CHARACTERS || text[UUID_CHARACTERS] !== '.') return false;
    const isBlock = uuidShape.readInto(text.slice(0, UUID_CHARACTERS), target, at);
    return isBlock && uuidShape.readInto(text.slice(UUID_CHARACTERS + 1), target, at + BLOCK_BYTES);
  },
});
