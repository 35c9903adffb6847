import { crc32, deflateSync } from 'node:zlib';

/** Pixels in rows from the top, four bytes each: red, green, blue, alpha. */
export type Pixels = { readonly width: number; readonly height: number; readonly rgba: Uint8Array };

const SIGNATURE = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
const COLOURS_MAX = 256;

/**
 * Encodes pixels as a PNG with a palette: a third of the size of one with full colours. The palette has the most frequent
 * colours; every other colour becomes the nearest of them.
 *
 * @see https://www.w3.org/TR/png-3/
 */
export const encodeIndexedPng = ({ width, height, rgba }: Pixels): Buffer => {
  const colours = new DataView(rgba.buffer, rgba.byteOffset, rgba.byteLength);
  const counts = new Map<number, number>();
  for (let at = 0; at < rgba.length; at += 4) {
    const colour = colours.getUint32(at);
    counts.set(colour, (counts.get(colour) ?? 0) + 1);
  }
  const byCount = [...counts].sort((left, right) => right[1] - left[1]).map(([colour]) => colour);
  const palette = byCount.slice(0, COLOURS_MAX);
  const indexes = new Map(byCount.map((colour) => [colour, nearestIndex(palette, colour)]));
  // Each row begins with its filter: none.
  const rows = Buffer.alloc((width + 1) * height);
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++)
      rows[y * (width + 1) + 1 + x] = indexes.get(colours.getUint32((y * width + x) * 4)) ?? 0;
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([8, 3], 8);
  return Buffer.concat([
    SIGNATURE,
    writeChunk('IHDR', header),
    writeChunk('PLTE', Buffer.from(palette.flatMap((colour) => channelsOf(colour).slice(0, 3)))),
    writeChunk('tRNS', Buffer.from(palette.flatMap((colour) => channelsOf(colour).slice(3)))),
    writeChunk('IDAT', deflateSync(rows, { level: 9 })),
    writeChunk('IEND', Buffer.alloc(0)),
  ]);
};

const channelsOf = (colour: number): readonly number[] => [
  colour >>> 24,
  (colour >>> 16) & 0xff,
  (colour >>> 8) & 0xff,
  colour & 0xff,
];

const nearestIndex = (palette: readonly number[], colour: number): number => {
  const wanted = channelsOf(colour);
  const distances = palette.map((candidate) =>
    channelsOf(candidate).reduce((sum, channel, index) => sum + (channel - (wanted[index] ?? 0)) ** 2, 0),
  );
  return distances.indexOf(Math.min(...distances));
};

const writeChunk = (type: string, data: Buffer): Buffer => {
  const content = Buffer.concat([Buffer.from(type, 'latin1'), data]);
  const frame = Buffer.alloc(4);
  frame.writeUInt32BE(data.length);
  const checksum = Buffer.alloc(4);
  checksum.writeUInt32BE(crc32(content));
  return Buffer.concat([frame, content, checksum]);
};
