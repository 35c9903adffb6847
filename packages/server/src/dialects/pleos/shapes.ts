import type { TokenShapes } from '../../grants/issue.ts';
import { BLOCK_BYTES } from '../../tokens/sealer.ts';
import { uuidShape } from '../../tokens/shape.ts';
import type { Shape } from '../../tokens/shape.ts';

const UPPER36 = /^[0-9A-Z]{36}$/;
const REFRESH_BYTES = 23;
const CHUNK = 9;
const CHUNK_RADIX = 36n ** BigInt(CHUNK);

/** 36 of `0-9A-Z`, the number (base 36) that the block and 7 bytes of its MAC make. */
const refreshShape: Shape = {
  macBytes: REFRESH_BYTES - BLOCK_BYTES,
  write: (sealed) =>
    BigInt(`0x${sealed.toString('hex')}`)
      .toString(36)
      .toUpperCase()
      .padStart(36, '0'),
  read(text) {
    if (!UPPER36.test(text)) return 'malformed';
    let value = 0n;
    for (let at = 0; at < text.length; at += CHUNK) {
      value = value * CHUNK_RADIX + BigInt(Number.parseInt(text.slice(at, at + CHUNK), 36));
    }
    const hex = value.toString(16).padStart(REFRESH_BYTES * 2, '0');
    return hex.length > REFRESH_BYTES * 2 ? 'malformed' : Buffer.from(hex, 'hex');
  },
};

const ALPHABET62 = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
const ACCESS = /^[0-9A-Za-z]{36}$/;
const CHUNK_BYTES = 6;

/** Letters and digits: four numbers of 6 bytes (block and 8 bytes of MAC), 9 digits of base 62 each. */
const accessShape: Shape = {
  macBytes: 8,
  write(sealed) {
    let text = '';
    for (let at = sealed.length - CHUNK_BYTES; at >= 0; at -= CHUNK_BYTES) {
      let value = sealed.readUIntBE(at, CHUNK_BYTES);
      for (let digit = 0; digit < CHUNK; digit++) {
        text = ALPHABET62.charAt(value % 62) + text;
        value = Math.floor(value / 62);
      }
    }
    return text;
  },
  read(text) {
    if (!ACCESS.test(text)) return 'malformed';
    const sealed = Buffer.alloc(24);
    for (let chunk = 0; chunk < 4; chunk++) {
      let value = 0;
      for (const digit of text.slice(chunk * CHUNK, (chunk + 1) * CHUNK))
        value = value * 62 + ALPHABET62.indexOf(digit);
      if (value >= 2 ** (8 * CHUNK_BYTES)) return 'malformed';
      sealed.writeUIntBE(value, chunk * CHUNK_BYTES, CHUNK_BYTES);
    }
    return sealed;
  },
};

const PAIR = /^[0-9a-f-]{36}\.[0-9a-f-]{36}$/;

/** Two UUIDs with a dot between them, the block and 16 bytes of its MAC. */
const codeShape: Shape = {
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

/** How the vendor's pages show tokens and codes. */
export const pleosShapes: TokenShapes = {
  refreshToken: refreshShape,
  accessToken: accessShape,
  code: codeShape,
};
