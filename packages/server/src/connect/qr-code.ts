import assert from 'node:assert/strict';

/** The modules of a QR code, row by row; `true` is dark. Without the quiet zone of four modules around it. */
export type QrCode = readonly (readonly boolean[])[];

/** With level M (15 % can be restored), by version, from 1: the blocks, and the correction bytes of each. ISO/IEC 18004, table 9. */
const BLOCKS = [1, 1, 1, 2, 2, 4, 4, 4, 5, 5] as const;
const CORRECTION = [10, 16, 26, 18, 24, 16, 18, 22, 22, 26] as const;
/** Level M in the format bits. */
const LEVEL_BITS = 0b00;
const BYTE_MODE = 0b0100;
const QUIET_ZONE = 4;

/** The longest text, in bytes of UTF-8. */
export const QR_MAX_BYTES = 213;

/** Encodes a text as a QR code of level M, in the smallest of the versions 1 to 10 that it fits. @see ISO/IEC 18004 */
export const createQrCode = (text: string): QrCode => {
  const bytes = Buffer.from(text);
  assert.ok(bytes.length <= QR_MAX_BYTES, 'the text is too long for a QR code');
  let version = 1;
  while (bytesOf(version).data * 8 < bytes.length * 8 + headBitsOf(version)) version++;
  const codewords = interleave(toData(bytes, version), version);
  const candidates = MASKS.map((_, mask) => draw(codewords, version, mask));
  const penalties = candidates.map(penaltyOf);
  return candidates[penalties.indexOf(Math.min(...penalties))] ?? [];
};

/** As SVG, dark on light in every colour scheme, because scanners expect that. */
export const renderQrSvg = (code: QrCode): string => {
  const side = code.length + 2 * QUIET_ZONE;
  const dark = code.flatMap((row, y) =>
    row.flatMap((isDark, x) => (isDark ? [`M${x + QUIET_ZONE} ${y + QUIET_ZONE}h1v1h-1z`] : [])),
  );
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${side} ${side}" shape-rendering="crispEdges"><path fill="#fff" d="M0 0h${side}v${side}H0z"/><path fill="#000" d="${dark.join('')}"/></svg>`;
};

/** For a terminal, two rows of modules in a line of text, light on dark as most terminals are not; so light modules are drawn. */
export const renderQrText = (code: QrCode): string => {
  const side = code.length + 2 * QUIET_ZONE;
  const isLight = (x: number, y: number): boolean => code[y - QUIET_ZONE]?.[x - QUIET_ZONE] !== true;
  const lines = Array.from({ length: Math.ceil(side / 2) }, (_, line) =>
    Array.from({ length: side }, (__, x) => {
      const [top, bottom] = [isLight(x, 2 * line), isLight(x, 2 * line + 1)];
      return top ? (bottom ? '█' : '▀') : bottom ? '▄' : ' ';
    }).join(''),
  );
  return lines.join('\n');
};

const sizeOf = (version: number): number => version * 4 + 17;

const headBitsOf = (version: number): number => 4 + (version < 10 ? 8 : 16);

/** How many bytes fit into a version: all, and those of the data. */
const bytesOf = (version: number): { readonly all: number; readonly data: number } => {
  let modules = (16 * version + 128) * version + 64;
  if (version >= 2) {
    const aligned = Math.floor(version / 7) + 2;
    modules -= (25 * aligned - 10) * aligned - 55;
  }
  if (version >= 7) modules -= 36;
  const all = Math.floor(modules / 8);
  return { all, data: all - (BLOCKS[version - 1] ?? 0) * (CORRECTION[version - 1] ?? 0) };
};

/** Mode, length, text, and padding. */
const toData = (bytes: Uint8Array, version: number): readonly number[] => {
  const capacity = bytesOf(version).data;
  const bits: number[] = [];
  const push = (value: number, count: number): void => {
    for (let at = count - 1; at >= 0; at--) bits.push((value >>> at) & 1);
  };
  push(BYTE_MODE, 4);
  push(bytes.length, headBitsOf(version) - 4);
  for (const byte of bytes) push(byte, 8);
  push(0, Math.min(4, capacity * 8 - bits.length));
  push(0, (8 - (bits.length % 8)) % 8);
  for (let pad = 0xec; bits.length < capacity * 8; pad ^= 0xec ^ 0x11) push(pad, 8);
  return Array.from({ length: capacity }, (_, at) =>
    bits.slice(at * 8, at * 8 + 8).reduce((byte, bit) => (byte << 1) | bit, 0),
  );
};

/** Adds the correction bytes to each block, and takes the bytes of all blocks in turn. */
const interleave = (data: readonly number[], version: number): readonly number[] => {
  const count = BLOCKS[version - 1] ?? 1;
  const divisor = divisorOf(CORRECTION[version - 1] ?? 0);
  const short = Math.floor(data.length / count);
  const longer = data.length % count;
  let from = 0;
  const blocks = Array.from({ length: count }, (_, at) => {
    const block = data.slice(from, (from += short + (at < count - longer ? 0 : 1)));
    return { block, correction: remainderOf(block, divisor) };
  });
  return [...turns(blocks.map(({ block }) => block)), ...turns(blocks.map(({ correction }) => correction))];
};

/** The first of each list, then the second of each, and so on. */
const turns = (of: readonly (readonly number[])[]): readonly number[] =>
  Array.from({ length: Math.max(...of.map(({ length }) => length)) }, (_, at) => at).flatMap((at) =>
    of.flatMap((bytes) => bytes[at] ?? []),
  );

/** In the field GF(2^8) with the polynomial 0x11d. */
const multiply = (a: number, b: number): number => {
  let product = 0;
  for (let at = 7; at >= 0; at--)
    product = (product << 1) ^ ((product >>> 7) * 0x11d) ^ (((b >>> at) & 1) * a);
  return product;
};

const divisorOf = (degree: number): readonly number[] => {
  const result: number[] = Array.from({ length: degree }, (_, at) => (at === degree - 1 ? 1 : 0));
  for (let step = 0, root = 1; step < degree; step++, root = multiply(root, 2))
    for (let at = 0; at < degree; at++) result[at] = multiply(result[at] ?? 0, root) ^ (result[at + 1] ?? 0);
  return result;
};

const remainderOf = (data: readonly number[], divisor: readonly number[]): readonly number[] => {
  const result = divisor.map(() => 0);
  for (const byte of data) {
    const factor = byte ^ (result.shift() ?? 0);
    result.push(0);
    divisor.forEach((coefficient, at) => (result[at] = (result[at] ?? 0) ^ multiply(coefficient, factor)));
  }
  return result;
};

const MASKS: readonly ((x: number, y: number) => boolean)[] = [
  (x, y) => (x + y) % 2 === 0,
  (_, y) => y % 2 === 0,
  (x) => x % 3 === 0,
  (x, y) => (x + y) % 3 === 0,
  (x, y) => (Math.floor(x / 3) + Math.floor(y / 2)) % 2 === 0,
  (x, y) => ((x * y) % 2) + ((x * y) % 3) === 0,
  (x, y) => (((x * y) % 2) + ((x * y) % 3)) % 2 === 0,
  (x, y) => (((x + y) % 2) + ((x * y) % 3)) % 2 === 0,
];

const draw = (codewords: readonly number[], version: number, mask: number): QrCode => {
  const { rows, isFunction } = drawPatterns(version, mask);
  let bit = 0;
  const isMasked = MASKS[mask] ?? (() => false);
  for (const { x, y } of dataOrder(rows.length)) {
    if (isFunction(x, y)) continue;
    const isDark = (((codewords[bit >>> 3] ?? 0) >>> (7 - (bit & 7))) & 1) === 1;
    bit++;
    const row = rows[y];
    if (row !== undefined) row[x] = isDark !== isMasked(x, y);
  }
  return rows.map((row) => row.map((module) => module === true));
};

/** Two columns at a time from the right, up and down in turn, without the column of the timing pattern. */
const dataOrder = function* (size: number): Generator<{ readonly x: number; readonly y: number }> {
  for (let right = size - 1; right >= 1; right -= 2) {
    if (right === 6) right = 5;
    const isUpward = ((right + 1) & 2) === 0;
    for (let step = 0; step < size; step++)
      for (const x of [right, right - 1]) yield { x, y: isUpward ? size - 1 - step : step };
  }
};

/** Everything but the data. A module that is `undefined` is free for it. */
const drawPatterns = (version: number, mask: number) => {
  const size = sizeOf(version);
  const rows: (boolean | undefined)[][] = Array.from({ length: size }, () =>
    Array.from({ length: size }, () => undefined),
  );
  const set = (x: number, y: number, isDark: boolean): void => {
    const row = rows[y];
    if (row !== undefined && x >= 0 && x < size) row[x] = isDark;
  };
  for (let at = 0; at < size; at++) {
    set(6, at, at % 2 === 0);
    set(at, 6, at % 2 === 0);
  }
  for (const [x, y] of [
    [3, 3],
    [size - 4, 3],
    [3, size - 4],
  ] as const)
    drawSquare(set, { x, y, radius: 4, light: [2, 4] });
  const aligned = alignmentsOf(version);
  const last = aligned.length - 1;
  aligned.forEach((x, i) =>
    aligned.forEach((y, j) => {
      const isAtFinder = (i === 0 && j === 0) || (i === 0 && j === last) || (i === last && j === 0);
      if (!isAtFinder) drawSquare(set, { x, y, radius: 2, light: [1] });
    }),
  );
  drawFormat(set, size, mask);
  if (version >= 7) drawVersion(set, size, version);
  const drawn = rows.map((row) => row.map((module) => module !== undefined));
  return { rows, isFunction: (x: number, y: number): boolean => drawn[y]?.[x] === true };
};

type SetModule = (x: number, y: number, isDark: boolean) => void;

const drawSquare = (
  set: SetModule,
  at: { readonly x: number; readonly y: number; readonly radius: number; readonly light: readonly number[] },
): void => {
  for (let dy = -at.radius; dy <= at.radius; dy++)
    for (let dx = -at.radius; dx <= at.radius; dx++)
      set(at.x + dx, at.y + dy, !at.light.includes(Math.max(Math.abs(dx), Math.abs(dy))));
};

const alignmentsOf = (version: number): readonly number[] => {
  if (version === 1) return [];
  const count = Math.floor(version / 7) + 2;
  const step = Math.floor((version * 4 + count * 2 + 1) / (count * 2 - 2)) * 2;
  const others = Array.from({ length: count - 1 }, (_, at) => sizeOf(version) - 7 - at * step);
  return [6, ...others.toReversed()];
};

/** The remainder of a BCH code, appended to its value. */
const withRemainder = (value: number, bits: number, polynomial: number): number => {
  let remainder = value;
  for (let at = 0; at < bits; at++) remainder = (remainder << 1) ^ ((remainder >>> (bits - 1)) * polynomial);
  return (value << bits) | remainder;
};

const isSet = (bits: number, at: number): boolean => ((bits >>> at) & 1) === 1;

const drawFormat = (set: SetModule, size: number, mask: number): void => {
  const bits = withRemainder((LEVEL_BITS << 3) | mask, 10, 0x537) ^ 0x5412;
  for (let at = 0; at <= 5; at++) set(8, at, isSet(bits, at));
  set(8, 7, isSet(bits, 6));
  set(8, 8, isSet(bits, 7));
  set(7, 8, isSet(bits, 8));
  for (let at = 9; at < 15; at++) set(14 - at, 8, isSet(bits, at));
  for (let at = 0; at < 8; at++) set(size - 1 - at, 8, isSet(bits, at));
  for (let at = 8; at < 15; at++) set(8, size - 15 + at, isSet(bits, at));
  set(8, size - 8, true);
};

const drawVersion = (set: SetModule, size: number, version: number): void => {
  const bits = withRemainder(version, 12, 0x1f25);
  for (let at = 0; at < 18; at++) {
    const [a, b] = [size - 11 + (at % 3), Math.floor(at / 3)];
    set(a, b, isSet(bits, at));
    set(b, a, isSet(bits, at));
  }
};

/** How hard a code is to scan: runs, blocks, patterns like a finder, and too much of one colour. ISO/IEC 18004, 7.8.3. */
const penaltyOf = (code: QrCode): number => {
  const columns = code.map((_, x) => code.map((row) => row[x] === true));
  const lines = [...code, ...columns].map((line) => line.map((isDark) => (isDark ? '1' : '0')).join(''));
  const size = code.length;
  const runs = lines
    .flatMap((line) => line.match(/0{5,}|1{5,}/g) ?? [])
    .reduce((sum, { length }) => sum + length - 2, 0);
  const finders = lines.reduce(
    (sum, line) => sum + [...line.matchAll(/(?=10111010000|00001011101)/g)].length,
    0,
  );
  let blocks = 0;
  for (let y = 1; y < size; y++)
    for (let x = 1; x < size; x++) {
      const one = code[y]?.[x];
      if (one === code[y]?.[x - 1] && one === code[y - 1]?.[x] && one === code[y - 1]?.[x - 1]) blocks++;
    }
  const dark = code.flat().filter(Boolean).length;
  const balance = Math.floor(Math.abs((dark * 20) / (size * size) - 10));
  return runs + blocks * 3 + finders * 40 + balance * 10;
};
