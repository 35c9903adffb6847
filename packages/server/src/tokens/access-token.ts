import type { Seconds } from '../clock.ts';
import { bindToken, looksBound, openBinding } from './binding.ts';
import type { Binding } from './binding.ts';
import { viewOf, writeUint32 } from './block-view.ts';
import type { GrantId } from './grant-id.ts';
import type { KeyRing, SealKey } from './key-ring.ts';
import { readingsOf } from './open-blocks.ts';
import type { BlockCheck } from './open-blocks.ts';
import { BLOCK_BYTES } from './sealer.ts';
import type { Shape, TailPlace } from './shape.ts';

/** What an access token says once opened. */
export type OpenedAccessToken = {
  readonly grantId: GrantId;
  readonly issuedAt: Seconds;
  /** Which scopes of its grant it is for, at least one: a bit each, in their order. Absent for all. */
  readonly selection?: number;
  /** What its sender must show besides. Absent for a token that any bearer may use. */
  readonly binding?: Binding | undefined;
};

const ISSUED_AT = 8;
const SERIAL_AT = 12;
const CHECK_AT = 14;
/** The lowest bit of the check of a token that selects scopes; its selection is in place of the serial. */
const SELECTS = 1;
/** The highest bit of the check of a bound token, which is worth nothing without its binding. */
const IS_BOUND = 0x8000;

/** Serials run from 0 to this. */
export const SERIAL_MAX = 0xffff;

/** What an access token is made from. */
export type NewAccessToken = OpenedAccessToken & {
  readonly serial: number;
  /** Of its text, where the shape has a tail: as near as the shape comes to it. Absent for the longest. */
  readonly length?: number | undefined;
};

/**
 * An access token: grant id (8 bytes), issued at (4, seconds), serial (2), check (2). No row is written for
 * it. The serial only makes two tokens of one grant and one second differ; the caller counts it up. A token for some of
 * the scopes of its grant has its selection in place of the serial: two such tokens of one second, for
 * the same scopes, are the same token. The check is 1 for such a token and 0 for others, the highest bit is set in a bound token (`bindToken`), and between them it has the
 * length of the tail: a token that was cut opens to nothing, also where what is left is as long as another client's tokens.
 */
export const sealAccessToken = (key: SealKey, shape: Shape, token: NewAccessToken): string =>
  sealAccessTokens(key, shape, [token])[0] ?? '';

/** The same for several tokens, for little more than the cost of one. */
export const sealAccessTokens = (
  key: SealKey,
  shape: Shape,
  tokens: readonly NewAccessToken[],
): readonly string[] => {
  const blocks = Buffer.alloc(tokens.length * BLOCK_BYTES);
  const view = viewOf(blocks);
  const strideBytes = BLOCK_BYTES + shape.macBytes;
  const { tail } = shape;
  const lengths = tail === undefined ? undefined : tokens.map(({ length }) => tailLengthOf(tail, length));
  tokens.forEach((token, index) => writeBlock(view, index * BLOCK_BYTES, token, lengths?.[index] ?? 0));
  const sealed = key.sealers.access.seal(blocks, shape.macBytes);
  const tails = lengths === undefined ? undefined : key.accessTail.write({ sealed, strideBytes, lengths });
  return tokens.map(({ binding }, index) => {
    const block = shape.write(sealed, index * strideBytes);
    const text = tails === undefined ? block : block + (tails[index] ?? '');
    return binding === undefined ? text : bindToken(key, 'access', text, binding);
  });
};

const tailLengthOf = ({ from, maxCharacters }: TailPlace, length = Infinity): number =>
  Math.max(0, Math.min(maxCharacters, length - from));

const writeBlock = (
  view: DataView,
  at: number,
  { grantId, issuedAt, serial, selection, binding }: NewAccessToken,
  tailLength: number,
): void => {
  view.setBigInt64(at, grantId);
  writeUint32(view, at + ISSUED_AT, issuedAt);
  if (!(selection === undefined || (selection > 0 && selection <= SERIAL_MAX)))
    throw new RangeError(`${selection} is no selection`);
  view.setUint16(at + SERIAL_AT, selection ?? serial);
  const selects = selection === undefined ? 0 : SELECTS;
  view.setUint16(at + CHECK_AT, (tailLength << 1) | selects | (binding === undefined ? 0 : IS_BOUND));
};

/** Opens an access token. `undefined` unless a key of the ring sealed it. */
export const openAccessToken = (ring: KeyRing, shape: Shape, text: string): OpenedAccessToken | undefined =>
  readingsOfAccessToken(ring, shape, text)[0];

/**
 * Everything that an access token may say, one reading for each key and candidate block that its check fits, newest key
 * first. The check is short: in a shape without room for a MAC, one block in 32768 fits by chance, and leads to a grant that
 * never was. A key that is compromised or retired opens none: its thief could have made it.
 */
export const readingsOfAccessToken = (
  ring: KeyRing,
  shape: Shape,
  text: string,
): readonly OpenedAccessToken[] => {
  if (!looksBound(text)) return readingsBy(ring.seal.usable, shape, text);
  const opened = openBinding(ring, 'access', text);
  if (opened === undefined || opened.key.withdrawal !== undefined) return [];
  const { token, binding, key } = opened;
  return readingsBy([key], shape, token, IS_BOUND).map((reading) => ({ ...reading, binding }));
};

const readingsBy = (
  keys: readonly SealKey[],
  shape: Shape,
  text: string,
  boundBit = 0,
): readonly OpenedAccessToken[] => {
  const sealed = shape.read(text);
  if (sealed === 'malformed') return [];
  const tail = shape.tail === undefined ? '' : text.slice(shape.tail.from);
  const check = checkFor(tail.length, boundBit);
  return keys.flatMap((key) => {
    const readings = readingsOf(key.sealers.access, shape, sealed, { check, read: readBlock });
    return readings.length > 0 && tail !== '' && !key.accessTail.fits(sealed, tail) ? [] : readings;
  });
};

const checkFor =
  (tailLength: number, boundBit: number): BlockCheck =>
  (view, at) => {
    const check = view.getUint16(at + CHECK_AT);
    const isFit = (check & IS_BOUND) === boundBit && (check & ~IS_BOUND) >>> 1 === tailLength;
    return isFit && ((check & SELECTS) === 0 || view.getUint16(at + SERIAL_AT) > 0);
  };

const readBlock = (view: DataView, at: number): OpenedAccessToken => {
  const opened = { grantId: view.getBigInt64(at), issuedAt: view.getUint32(at + ISSUED_AT) };
  const selects = (view.getUint16(at + CHECK_AT) & SELECTS) !== 0;
  return selects ? { ...opened, selection: view.getUint16(at + SERIAL_AT) } : opened;
};
