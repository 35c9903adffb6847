import { isUuidV4, readUuid, UUID_CHARACTERS, writeUuid, writeUuidV4 } from '../uuid-text.ts';
import { viewOf } from './block-view.ts';
import { BLOCK_BYTES } from './sealer.ts';

/** What a shape overwrites in a sealed block with constant bits, and the blocks that it may have been. */
export type OverwrittenBits = {
  /** How many blocks a string may stand for. */
  readonly candidates: number;
  /** Whether the block at `at` has the constant bits. A token that was written before they were has not, and is itself. */
  areIn(sealed: Buffer, at: number): boolean;
  /** All candidates of each block, one after the other, the block itself first. */
  restore(sealed: Buffer): Buffer;
};

/** Where a text goes on after its sealed block, with characters that are computed from the block (`TailWriter`). */
export type TailPlace = {
  /** The characters before the tail, which are the sealed block. */
  readonly from: number;
  /** A tail has from 0 to this many characters. */
  readonly maxCharacters: number;
};

/** How a sealed block is written. Each string stands for at most one sealed block, or for one of a few candidates. */
export type Shape = {
  /** Bytes of authentication code that the shape has room for besides the block. */
  readonly macBytes: number;
  /** Absent in a shape that keeps every bit. */
  readonly overwrites?: OverwrittenBits;
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

/** A UUID in lower case. All 128 bits are the block; no version is marked. */
export const uuidShape = createShape({
  macBytes: 0,
  write: (sealed, at = 0) => writeUuid(sealed, at),
  readInto: readUuid,
});

/** Four bits of version and two of variant. */
const UUID_V4_CANDIDATES = 64;

/**
 * A UUID of version 4 in lower case, for clients that check it: the block with its version and variant overwritten. Opening
 * tries the 64 blocks that it may have been. A UUID of another version is a block as it is, from before.
 *
 * @see RFC 9562 §5.4
 */
export const uuidV4Shape = createShape({
  macBytes: 0,
  overwrites: {
    candidates: UUID_V4_CANDIDATES,
    areIn: isUuidV4,
    restore(sealed) {
      const restored = Buffer.allocUnsafe(sealed.length * UUID_V4_CANDIDATES);
      const source = viewOf(sealed);
      const target = viewOf(restored);
      for (let from = 0, at = 0; from < sealed.length; from += BLOCK_BYTES) {
        // Four numbers of 4 bytes; the version is in the second, the variant in the third.
        const first = source.getUint32(from);
        const second = source.getUint32(from + 4);
        const third = source.getUint32(from + 8);
        const fourth = source.getUint32(from + 12);
        for (let candidate = 0; candidate < UUID_V4_CANDIDATES; candidate++, at += BLOCK_BYTES) {
          target.setUint32(at, first);
          target.setUint32(at + 4, second ^ ((candidate >> 2) << 12));
          target.setUint32(at + 8, third ^ ((candidate & 3) << 30));
          target.setUint32(at + 12, fourth);
        }
      }
      return restored;
    },
  },
  write: (sealed, at = 0) => writeUuidV4(sealed, at),
  readInto: readUuid,
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
