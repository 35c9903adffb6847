import type { Seconds } from '../clock.ts';
import { viewOf, writeUint32 } from './block-view.ts';
import type { GrantId } from './grant-id.ts';
import type { KeyRing, SealKey } from './key-ring.ts';
import { readingsOf } from './open-blocks.ts';
import type { BlockCheck } from './open-blocks.ts';
import { BLOCK_BYTES } from './sealer.ts';
import type { Shape } from './shape.ts';

/** What an access token says once opened. */
export type OpenedAccessToken = {
  readonly grantId: GrantId;
  readonly issuedAt: Seconds;
  /** Which scopes of its grant it is for, at least one: a bit each, in their order. Absent for all. */
  readonly selection?: number;
};

const ISSUED_AT = 8;
const SERIAL_AT = 12;
const CHECK_AT = 14;
/** The check of a token that selects scopes; its selection is in place of the serial. */
const SELECTS = 1;

/** Serials run from 0 to this. */
export const SERIAL_MAX = 0xffff;

/** What an access token is made from. */
export type NewAccessToken = OpenedAccessToken & { readonly serial: number };

/**
 * An access token: grant id (8 bytes), issued at (4, seconds), serial (2), check (2, zero). No row is written for
 * it. The serial only makes two tokens of one grant and one second differ; the caller counts it up. A token for some of
 * the scopes of its grant has its selection in place of the serial, and a check of 1: two such tokens of one second, for
 * the same scopes, are the same token.
 */
export const sealAccessToken = (key: SealKey, shape: Shape, token: NewAccessToken): string => {
  const block = Buffer.alloc(BLOCK_BYTES);
  writeBlock(viewOf(block), 0, token);
  return shape.write(key.sealers.access.seal(block, shape.macBytes));
};

/** The same for several tokens, for little more than the cost of one. */
export const sealAccessTokens = (
  key: SealKey,
  shape: Shape,
  tokens: readonly NewAccessToken[],
): readonly string[] => {
  const blocks = Buffer.alloc(tokens.length * BLOCK_BYTES);
  const view = viewOf(blocks);
  tokens.forEach((token, index) => writeBlock(view, index * BLOCK_BYTES, token));
  const sealed = key.sealers.access.seal(blocks, shape.macBytes);
  return tokens.map((_, index) => shape.write(sealed, index * (BLOCK_BYTES + shape.macBytes)));
};

const writeBlock = (
  view: DataView,
  at: number,
  { grantId, issuedAt, serial, selection }: NewAccessToken,
): void => {
  view.setBigInt64(at, grantId);
  writeUint32(view, at + ISSUED_AT, issuedAt);
  if (selection === undefined) return view.setUint16(at + SERIAL_AT, serial);
  if (!(selection > 0 && selection <= SERIAL_MAX)) throw new RangeError(`${selection} is no selection`);
  view.setUint16(at + SERIAL_AT, selection);
  view.setUint16(at + CHECK_AT, SELECTS);
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
  const sealed = shape.read(text);
  if (sealed === 'malformed') return [];
  return ring.seal.usable.flatMap((key) =>
    readingsOf(key.sealers.access, shape, sealed, { check: hasCheck, read: readBlock }),
  );
};

const hasCheck: BlockCheck = (view, at) => {
  const check = view.getUint16(at + CHECK_AT);
  return check === 0 || (check === SELECTS && view.getUint16(at + SERIAL_AT) > 0);
};

const readBlock = (view: DataView, at: number): OpenedAccessToken => {
  const opened = { grantId: view.getBigInt64(at), issuedAt: view.getUint32(at + ISSUED_AT) };
  const selects = view.getUint16(at + CHECK_AT) === SELECTS;
  return selects ? { ...opened, selection: view.getUint16(at + SERIAL_AT) } : opened;
};
