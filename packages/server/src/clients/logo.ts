/** A picture that a client shows to owners. */
export type Logo = {
  readonly mediaType: 'image/png' | 'image/jpeg';
  /** In pixels. */
  readonly width: number;
  readonly height: number;
  readonly bytes: Uint8Array;
};

/** Every page with the logo contains it, so it must stay small. */
export const LOGO_MAX_BYTES = 24 * 1024;
const SIDE_MIN = 32;
const SIDE_MAX = 1024;

type Size = { readonly width: number; readonly height: number };

/**
 * Reads a picture from its bytes, whatever they were called. Only PNG without animation and JPEG: neither can contain a
 * script or load anything. Returns a fault, in words that follow "the logo".
 */
export const parseLogo = (bytes: Uint8Array): Logo | { readonly fault: string } => {
  if (bytes.length > LOGO_MAX_BYTES) return { fault: `must have at most ${LOGO_MAX_BYTES / 1024} KiB` };
  const view = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const png = isPng(view);
  const size = png ? readPng(view) : isJpeg(view) ? readJpeg(view) : undefined;
  if (size === 'animated') return { fault: 'must not be animated' };
  if (size === undefined) return { fault: 'must be a complete PNG or JPEG image' };
  const sides = [size.width, size.height];
  if (sides.some((side) => side < SIDE_MIN || side > SIDE_MAX))
    return { fault: `must have from ${SIDE_MIN} to ${SIDE_MAX} pixels on each side` };
  return { mediaType: png ? 'image/png' : 'image/jpeg', ...size, bytes: Uint8Array.from(bytes) };
};

const PNG_SIGNATURE = Buffer.from('89504e470d0a1a0a', 'hex');
const isPng = (bytes: Buffer): boolean => bytes.subarray(0, 8).equals(PNG_SIGNATURE);

/** Walks through the chunks: a header first, an end last, and nothing after it. */
const readPng = (bytes: Buffer): Size | 'animated' | undefined => {
  let size: Size | undefined;
  for (let at = 8; at + 12 <= bytes.length;) {
    const length = bytes.readUInt32BE(at);
    const kind = bytes.toString('latin1', at + 4, at + 8);
    const next = at + 12 + length;
    if (next > bytes.length || (size === undefined) !== (kind === 'IHDR')) return undefined;
    if (kind === 'acTL') return 'animated';
    if (kind === 'IHDR') {
      if (length !== 13) return undefined;
      size = { width: bytes.readUInt32BE(at + 8), height: bytes.readUInt32BE(at + 12) };
    }
    if (kind === 'IEND') return next === bytes.length ? size : undefined;
    at = next;
  }
  return undefined;
};

const isJpeg = (bytes: Buffer): boolean => bytes.length > 3 && bytes.readUIntBE(0, 3) === 0xff_d8_ff;

/** Walks through the segments up to the frame, which has the size. The file must end with the end of its picture. */
const readJpeg = (bytes: Buffer): Size | undefined => {
  if (bytes.readUInt16BE(bytes.length - 2) !== 0xff_d9) return undefined;
  for (let at = 2; at + 9 <= bytes.length && bytes[at] === 0xff;) {
    const marker = bytes[at + 1] ?? 0;
    if (isFrame(marker)) return { height: bytes.readUInt16BE(at + 5), width: bytes.readUInt16BE(at + 7) };
    const length = bytes.readUInt16BE(at + 2);
    // The picture itself has begun, without a frame.
    if (length < 2 || marker === 0xda) return undefined;
    at += 2 + length;
  }
  return undefined;
};

/** Start of a frame, of any coding; the three others in this range are tables. */
const isFrame = (marker: number): boolean =>
  marker >= 0xc0 && marker <= 0xcf && marker !== 0xc4 && marker !== 0xc8 && marker !== 0xcc;
