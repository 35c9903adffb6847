import { BLOCK_BYTES } from './sealer.ts';
import { createShape } from './shape.ts';

const UPPER36 = /^[0-9A-Z]{36}$/;
const BASE36_BYTES = 23;
const CHUNK = 9;
const CHUNK_RADIX = 36n ** BigInt(CHUNK);

/** 36 of `0-9A-Z`, the number (base 36) that the block and 7 bytes of its MAC make. */
export const base36Shape = createShape({
  macBytes: BASE36_BYTES - BLOCK_BYTES,
  write: (sealed, at = 0) =>
    BigInt(`0x${sealed.toString('hex', at, at + BASE36_BYTES)}`)
      .toString(36)
      .toUpperCase()
      .padStart(36, '0'),
  readInto(text, target, at) {
    if (!UPPER36.test(text)) return false;
    let value = 0n;
    for (let from = 0; from < text.length; from += CHUNK) {
      value = value * CHUNK_RADIX + BigInt(Number.parseInt(text.slice(from, from + CHUNK), 36));
    }
    const hex = value.toString(16).padStart(BASE36_BYTES * 2, '0');
    if (hex.length > BASE36_BYTES * 2) return false;
    target.write(hex, at, 'hex');
    return true;
  },
});

const ALPHABET62 = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
const BASE62 = /^[0-9A-Za-z]{36}$/;
const CHUNK_BYTES = 6;
const BASE62_BYTES = 24;

/** A chunk is written as two numbers of at most 30 bits, which are much faster to divide than one of 48. */
const LOW_DIGITS = 5;
const LOW_RADIX = 62 ** LOW_DIGITS;
const CODES62 = Buffer.from(ALPHABET62);
/** Where a token in base 62 is written before it becomes a string. */
const written = Buffer.alloc(4 * CHUNK);

const writeDigits = (number: number, at: number, count: number): void => {
  let rest = number | 0;
  for (let place = at + count - 1; place >= at; place--) {
    written[place] = CODES62[rest % 62] ?? 0;
    rest = (rest / 62) | 0;
  }
};

/** Letters and digits: four numbers of 6 bytes (block and 8 bytes of MAC), 9 digits of base 62 each. */
export const base62Shape = createShape({
  macBytes: BASE62_BYTES - BLOCK_BYTES,
  write(sealed, at = 0) {
    for (let chunk = 0; chunk < BASE62_BYTES / CHUNK_BYTES; chunk++) {
      const value = sealed.readUIntBE(at + chunk * CHUNK_BYTES, CHUNK_BYTES);
      writeDigits(value % LOW_RADIX, chunk * CHUNK + CHUNK - LOW_DIGITS, LOW_DIGITS);
      writeDigits(Math.floor(value / LOW_RADIX), chunk * CHUNK, CHUNK - LOW_DIGITS);
    }
    return written.toString('latin1');
  },
  readInto(text, target, at) {
    if (!BASE62.test(text)) return false;
    for (let chunk = 0; chunk < 4; chunk++) {
      let value = 0;
      for (const digit of text.slice(chunk * CHUNK, (chunk + 1) * CHUNK))
        value = value * 62 + ALPHABET62.indexOf(digit);
      if (value >= 2 ** (8 * CHUNK_BYTES)) return false;
      target.writeUIntBE(value, at + chunk * CHUNK_BYTES, CHUNK_BYTES);
    }
    return true;
  },
});

/** 30 bytes, so that base64url has no bits to spare and each token has one spelling. */
const BASE64URL_BYTES = 30;
const BASE64URL = /^[A-Za-z0-9_-]{40}$/;

/** 40 characters of base64url: the block and 14 bytes of its MAC. */
export const base64UrlShape = createShape({
  macBytes: BASE64URL_BYTES - BLOCK_BYTES,
  write: (sealed, at = 0) => sealed.toString('base64url', at, at + BASE64URL_BYTES),
  readInto(text, target, at) {
    if (!BASE64URL.test(text)) return false;
    target.write(text, at, 'base64url');
    return true;
  },
});
