import { bindToken, looksBound, openBinding } from './binding.ts';
import type { Binding } from './binding.ts';
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
  /** The key whose proof must come with it. Absent for a token of a client that authenticates, or that sends no proofs. */
  readonly binding?: Binding | undefined;
};

/**
 * The refresh token of one generation of one grant. A function of its arguments alone, so a retry, the loser of a
 * race and another node all get the same string. The block: grant id (8 bytes), generation (4), check (4, zero, or one for a bound
 * token).
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
  return tokens.map(({ binding }, index) => {
    const text = shape.write(sealed, index * (BLOCK_BYTES + shape.macBytes));
    return binding === undefined ? text : bindToken(key, 'refresh', text, binding);
  });
};

/** The check of a bound token, which is worth nothing without its binding; that of others is zero. */
const IS_BOUND = 1;

const writeBlock = (
  view: DataView,
  at: number,
  { grantId, generation, binding }: OpenedRefreshToken,
): void => {
  view.setBigInt64(at, grantId);
  writeUint32(view, at + GENERATION_AT, generation);
  if (binding !== undefined) view.setUint32(at + CHECK_AT, IS_BOUND);
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
  if (looksBound(text)) return readingsOfBound(ring, shape, text);
  const sealed = shape.read(text);
  return sealed === 'malformed' ? [] : ring.seal.keys.flatMap((key) => readingsBy(key, shape, sealed));
};

const readingsOfBound = (ring: KeyRing, shape: Shape, text: string): readonly OpenedRefreshToken[] => {
  const opened = openBinding(ring, 'refresh', text);
  const sealed = opened === undefined ? 'malformed' : shape.read(opened.token);
  if (opened === undefined || sealed === 'malformed') return [];
  const { binding, key } = opened;
  return readingsBy(key, shape, sealed, hasBoundCheck).map((reading) => ({ ...reading, binding }));
};

const readingsBy = (
  { sealers, withdrawal }: SealKey,
  shape: Shape,
  sealed: Buffer,
  check: BlockCheck = hasZeroCheck,
): readonly OpenedRefreshToken[] => {
  const readings = readingsOf(sealers.refresh, shape, sealed, { check, read: readBlock });
  return withdrawal === undefined ? readings : readings.map((opened) => ({ ...opened, withdrawal }));
};

/** Opens a presented refresh token with every key of the ring, newest first: its first reading. */
export const openRefreshToken = (ring: KeyRing, shape: Shape, text: string): Opening => {
  if (looksBound(text)) return readingsOfBound(ring, shape, text)[0];
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
  return texts.map((text, index) => {
    // Bound tokens are of no shape, and few.
    if (isOfShape[index] !== true)
      return looksBound(text) ? openRefreshToken(ring, shape, text) : 'malformed';
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

const hasBoundCheck: BlockCheck = (view, at) => view.getUint32(at + CHECK_AT) === IS_BOUND;

const readBlock = (view: DataView, at: number): OpenedRefreshToken => ({
  grantId: view.getBigInt64(at),
  generation: view.getUint32(at + GENERATION_AT),
});
