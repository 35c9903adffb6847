/** A UUID is 16 bytes. */
export const UUID_BYTES = 16;
export const UUID_CHARACTERS = 36;

const DASH = 0x2d;
const DASHES_AT = [8, 13, 18, 23];
/** Where in a UUID the two digits of each byte are. */
const BYTES_AT = [0, 2, 4, 6, 9, 11, 14, 16, 19, 21, 24, 26, 28, 30, 32, 34];
const DIGITS = Buffer.from('0123456789abcdef');
/** The value of each digit by its character code; -1 for other characters. */
const VALUES = new Int8Array(128).fill(-1);
DIGITS.forEach((code, value) => (VALUES[code] = value));
/** Where a UUID is written before it becomes a string, in one piece. */
const written = Buffer.alloc(UUID_CHARACTERS, DASH);

const writeDigits = (bytes: Uint8Array, at: number): void => {
  for (let index = 0; index < UUID_BYTES; index++) {
    const byte = bytes[at + index] ?? 0;
    const place = BYTES_AT[index] ?? 0;
    written[place] = DIGITS[byte >> 4] ?? 0;
    written[place + 1] = DIGITS[byte & 15] ?? 0;
  }
};

/** The bytes from `at` on as a UUID in lower case, of whichever version they are. */
export const writeUuid = (bytes: Uint8Array, at: number): string => {
  writeDigits(bytes, at);
  return written.toString('latin1');
};

/** The byte whose upper four bits are the version, and the one whose upper two bits are the variant (RFC 9562 §4). */
const VERSION_BYTE = 6;
const VARIANT_BYTE = 8;
const VERSION = 4;
const VARIANT = 2;
const VERSION_DIGIT_AT = 14;
const VARIANT_DIGIT_AT = 19;

/** Whether the bytes from `at` on are marked as a UUID of version 4. */
export const isUuidV4 = (bytes: Uint8Array, at: number): boolean =>
  (bytes[at + VERSION_BYTE] ?? 0) >> 4 === VERSION && (bytes[at + VARIANT_BYTE] ?? 0) >> 6 === VARIANT;

/**
 * The same as a UUID of version 4: the four bits of the version and the two of the variant are overwritten.
 *
 * @see RFC 9562 §5.4
 */
export const writeUuidV4 = (bytes: Uint8Array, at: number): string => {
  writeDigits(bytes, at);
  written[VERSION_DIGIT_AT] = DIGITS[VERSION] ?? 0;
  written[VARIANT_DIGIT_AT] = DIGITS[(VARIANT << 2) | (((bytes[at + VARIANT_BYTE] ?? 0) >> 4) & 3)] ?? 0;
  return written.toString('latin1');
};

/** Reads a UUID of any version to `at` in `target`. `false` for another text; then `target` holds anything there. */
export const readUuid = (text: string, target: Uint8Array, at: number): boolean => {
  if (text.length !== UUID_CHARACTERS) return false;
  for (const place of DASHES_AT) if (text.charCodeAt(place) !== DASH) return false;
  // Negative as soon as one character is no digit.
  let sign = 0;
  for (let index = 0; index < UUID_BYTES; index++) {
    const place = BYTES_AT[index] ?? 0;
    const high = VALUES[text.charCodeAt(place)] ?? -1;
    const low = VALUES[text.charCodeAt(place + 1)] ?? -1;
    sign |= high | low;
    target[at + index] = (high << 4) | low;
  }
  return sign >= 0;
};
