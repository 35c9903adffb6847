import { BLOCK_BYTES } from './sealer.ts';
import type { Shape } from './shape.ts';

const UPPER36 = /^[0-9A-Z]{36}$/;
const BASE36_BYTES = 23;
const CHUNK = 9;
const CHUNK_RADIX = 36n ** BigInt(CHUNK);

/** 36 of `0-9A-Z`, the number (base 36) that the block and 7 bytes of its MAC make. */
export const base36Shape: Shape = {
  macBytes: BASE36_BYTES - BLOCK_BYTES,
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
    const hex = value.toString(16).padStart(BASE36_BYTES * 2, '0');
    return hex.length > BASE36_BYTES * 2 ? 'malformed' : Buffer.from(hex, 'hex');
  },
};

const ALPHABET62 = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
const BASE62 = /^[0-9A-Za-z]{36}$/;
const CHUNK_BYTES = 6;

/** Letters and digits: four numbers of 6 bytes (block and 8 bytes of MAC), 9 digits of base 62 each. */
export const base62Shape: Shape = {
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
    if (!BASE62.test(text)) return 'malformed';
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

/** 30 bytes, so that base64url has no bits to spare and each token has one spelling. */
const BASE64URL_BYTES = 30;
const BASE64URL = /^[A-Za-z0-9_-]{40}$/;

/** 40 characters of base64url: the block and 14 bytes of its MAC. */
export const base64UrlShape: Shape = {
  macBytes: BASE64URL_BYTES - BLOCK_BYTES,
  write: (sealed) => sealed.toString('base64url'),
  read: (text) => (BASE64URL.test(text) ? Buffer.from(text, 'base64url') : 'malformed'),
};
