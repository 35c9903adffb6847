import { BLOCK_BYTES } from './sealer.ts';

/** How a sealed block is written on one dialect's wire. Each string stands for at most one sealed block. */
export type Shape = {
  /** Bytes of authentication code the shape has room for besides the block. */
  readonly macBytes: number;
  write(sealed: Buffer): string;
  /** The sealed block, or `'malformed'` for a string of another shape, which some dialects answer differently. */
  read(text: string): Buffer | 'malformed';
};

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/** Whether a text has the form of Smartcar's tokens and codes. */
export const isUuid = (text: string): boolean => UUID.test(text);

const HEX_DIGITS = Buffer.from('0123456789abcdef');
const DASH = 0x2d;

/** Smartcar's: lower-case hexadecimal, 8-4-4-4-12. All 128 bits are the block; no version is marked. */
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

const UPPER36 = /^[0-9A-Z]{36}$/;
const PLEOS_REFRESH_BYTES = 23;
const CHUNK = 9;
const CHUNK_RADIX = 36n ** BigInt(CHUNK);

/** Pleos's refresh token: 36 of `0-9A-Z`, the number (base 36) that the block and 7 bytes of its MAC make. */
export const pleosRefreshShape: Shape = {
  macBytes: PLEOS_REFRESH_BYTES - BLOCK_BYTES,
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
    const hex = value.toString(16).padStart(PLEOS_REFRESH_BYTES * 2, '0');
    return hex.length > PLEOS_REFRESH_BYTES * 2 ? 'malformed' : Buffer.from(hex, 'hex');
  },
};

const ALPHABET62 = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
const PLEOS_ACCESS = /^[0-9A-Za-z]{36}$/;
const CHUNK_BYTES = 6;

/** Pleos's access token: letters and digits. Four numbers of 6 bytes (block and 8 bytes of MAC), 9 digits of base 62 each. */
export const pleosAccessShape: Shape = {
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
    if (!PLEOS_ACCESS.test(text)) return 'malformed';
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

/** Pleos's authorization code: two UUIDs with a dot between them, the block and 16 bytes of its MAC. */
export const pleosCodeShape: Shape = {
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
