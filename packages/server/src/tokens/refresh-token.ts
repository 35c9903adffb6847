import { viewOf, writeUint32 } from './block-view.ts';
import type { GrantId } from './grant-id.ts';
import type { KeyRing, SealKey } from './key-ring.ts';
import type { KeyWithdrawal } from './key-state.ts';
import { openBlocks, readingsOf } from './open-blocks.ts';
import type { BlockCheck } from './open-blocks.ts';
import { BLOCK_BYTES } from './sealer.ts';
import type { Shape } from './shape.ts';

/** The highest generation a token can carry: 4 bytes. At one refresh a second that is 136 years. */
export const GENERATION_MAX = 0xffff_ffff;

const GENERATION_AT = 8;
const CHECK_AT = 12;

/** What a refresh token says once opened. It says nothing of whether the grant still exists. */
export type OpenedRefreshToken = {
  readonly grantId: GrantId;
  readonly generation: number;
  /** Of the key that sealed it, if an operator withdrew it. */
  readonly withdrawal?: KeyWithdrawal;
  /** Of an imported token, which no key sealed: the key that its grant had when it was found, if that one is withdrawn. */
  readonly imported?: { readonly withdrawnKey: number | undefined } | undefined;
};

/**
 * The refresh token of one generation of one grant. A function of its arguments alone, so a retry, the loser of a
 * race and another node all get the same string. The block: grant id (8 bytes), generation (4), check (4, zero).
 */
export const sealRefreshToken = (
  key: SealKey,
  shape: Shape,
  grantId: GrantId,
  generation: number,
): string => {
  const block = Buffer.alloc(BLOCK_BYTES);
  writeBlock(viewOf(block), 0, { grantId, generation });
  return shape.write(key.sealers.refresh.seal(block, shape.macBytes));
};

/** The same for several tokens, for little more than the cost of one. */
export const sealRefreshTokens = (
  key: SealKey,
  shape: Shape,
  tokens: readonly OpenedRefreshToken[],
): readonly string[] => {
  const blocks = Buffer.alloc(tokens.length * BLOCK_BYTES);
  const view = viewOf(blocks);
  tokens.forEach((token, index) => writeBlock(view, index * BLOCK_BYTES, token));
  const sealed = key.sealers.refresh.seal(blocks, shape.macBytes);
  return tokens.map((_, index) => shape.write(sealed, index * (BLOCK_BYTES + shape.macBytes)));
};

const writeBlock = (view: DataView, at: number, { grantId, generation }: OpenedRefreshToken): void => {
  view.setBigInt64(at, grantId);
  writeUint32(view, at + GENERATION_AT, generation);
};

/**
 * A refresh token, opened. `'malformed'`: not of the dialect's shape. `undefined`: of the shape, but never sealed by a key
 * of this ring.
 */
export type Opening = OpenedRefreshToken | 'malformed' | undefined;

/**
 * Everything that a refresh token may say, one reading for each key and candidate block that its check fits: nearly always
 * one. The others lead to grants that never were (`docs/decisions/0003-token.md`). `judge` decides about those of a withdrawn
 * key.
 */
export const readingsOfRefreshToken = (
  ring: KeyRing,
  shape: Shape,
  text: string,
): readonly OpenedRefreshToken[] => {
  const sealed = shape.read(text);
  return sealed === 'malformed' ? [] : ring.seal.keys.flatMap((key) => readingsBy(key, shape, sealed));
};

const readingsBy = (
  { sealers, withdrawal }: SealKey,
  shape: Shape,
  sealed: Buffer,
): readonly OpenedRefreshToken[] => {
  const readings = readingsOf(sealers.refresh, shape, sealed, { check: hasZeroCheck, read: readBlock });
  return withdrawal === undefined ? readings : readings.map((opened) => ({ ...opened, withdrawal }));
};

/** Opens a presented refresh token with every key of the ring, newest first: its first reading. */
export const openRefreshToken = (ring: KeyRing, shape: Shape, text: string): Opening => {
  const sealed = shape.read(text);
  return sealed === 'malformed' ? sealed : openWithAny(ring.seal.keys, shape, sealed);
};

/**
 * Opens several tokens, in their order, each to its first reading: those of the active key, as most are, together for
 * little more than the cost of one, and the others one by one.
 */
export const openRefreshTokens = (
  ring: KeyRing,
  shape: Shape,
  texts: readonly string[],
): readonly Opening[] => {
  const stride = BLOCK_BYTES + shape.macBytes;
  const sealed = Buffer.alloc(texts.length * stride);
  const isOfShape = texts.map((text, index) => shape.readInto(text, sealed, index * stride));
  const { active, keys } = ring.seal;
  const { view, find } = openBlocks(active.sealers.refresh, shape, sealed);
  const others = keys.length === 1 ? NO_KEYS : keys.filter((key) => key !== active);
  return texts.map((_, index) => {
    if (isOfShape[index] !== true) return 'malformed';
    const at = find(index, hasZeroCheck);
    if (at >= 0) return readBlock(view, at);
    return openWithAny(others, shape, sealed.subarray(index * stride, (index + 1) * stride));
  });
};

const NO_KEYS: readonly SealKey[] = [];

const openWithAny = (
  keys: readonly SealKey[],
  shape: Shape,
  sealed: Buffer,
): OpenedRefreshToken | undefined => {
  for (const key of keys) {
    const [opened] = readingsBy(key, shape, sealed);
    if (opened !== undefined) return opened;
  }
  return undefined;
};

const hasZeroCheck: BlockCheck = (view, at) => view.getUint32(at + CHECK_AT) === 0;

const readBlock = (view: DataView, at: number): OpenedRefreshToken => ({
  grantId: view.getBigInt64(at),
  generation: view.getUint32(at + GENERATION_AT),
});
