import { crc32, deflateSync } from 'node:zlib';

const chunk = (kind: string, data: Buffer): Buffer => {
  const body = Buffer.concat([Buffer.from(kind), data]);
  const bytes = Buffer.alloc(12 + data.length);
  bytes.writeUInt32BE(data.length, 0);
  body.copy(bytes, 4);
  bytes.writeUInt32BE(crc32(body), 8 + data.length);
  return bytes;
};

const CIRCLE = [255, 214, 92];
const GROUND = [24, 84, 92];

/** A complete PNG image of this size: a light circle on a dark ground. */
export const sampleLogo = (side = 64): Buffer => {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(side, 0);
  header.writeUInt32BE(side, 4);
  // 8 bits per channel, red green blue.
  header.set([8, 2], 8);
  const rows = Array.from({ length: side }, (_, y) =>
    Buffer.concat([
      Buffer.of(0),
      ...Array.from({ length: side }, (__, x) => {
        const distance = Math.hypot(x + 0.5 - side / 2, y + 0.5 - side / 2);
        // Mixed at the edge, which is smooth therefore.
        const inside = Math.min(1, Math.max(0, side / 3 - distance + 0.5));
        return Buffer.from(
          CIRCLE.map((light, at) => Math.round(light * inside + (GROUND[at] ?? 0) * (1 - inside))),
        );
      }),
    ]),
  );
  return Buffer.concat([
    Buffer.from('89504e470d0a1a0a', 'hex'),
    chunk('IHDR', header),
    chunk('IDAT', deflateSync(Buffer.concat(rows))),
    chunk('IEND', Buffer.alloc(0)),
  ]);
};
