import { viewOf, writeUint32 } from './block-view.ts';
import type { GrantId } from './grant-id.ts';
import type { KeyRing, SealKey } from './key-ring.ts';
import type { KeyWithdrawal } from './key-state.ts';
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

/** Opens a presented refresh token with every key of the ring, newest first. `judge` decides about those of a withdrawn key. */
export const openRefreshToken = (ring: KeyRing, shape: Shape, text: string): Opening => {
  const sealed = shape.read(text);
  return sealed === 'malformed' ? sealed : openWithAny(ring.seal.keys, sealed);
};

/**
 * Opens several tokens, in their order: those of the active key, as most are, together for little more than the cost of
 * one, and the others one by one.
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
  const { blocks, misfits } = active.sealers.refresh.openAll(sealed, shape.macBytes);
  const others = keys.length === 1 ? NO_KEYS : keys.filter((key) => key !== active);
  const view = viewOf(blocks);
  return texts.map((_, index) => {
    if (isOfShape[index] !== true) return 'malformed';
    const opened = misfits.has(index) ? undefined : readBlock(view, index * BLOCK_BYTES);
    return opened ?? openWithAny(others, sealed.subarray(index * stride, (index + 1) * stride));
  });
};

const NO_KEYS: readonly SealKey[] = [];

const openWithAny = (keys: readonly SealKey[], sealed: Buffer): OpenedRefreshToken | undefined => {
  for (const { sealers, withdrawal } of keys) {
    const block = sealers.refresh.open(sealed);
    const opened = block === undefined ? undefined : readBlock(viewOf(block), 0);
    if (opened !== undefined) return withdrawal === undefined ? opened : { ...opened, withdrawal };
  }
  return undefined;
};

/** `undefined` where the check is not zero. */
const readBlock = (view: DataView, at: number): OpenedRefreshToken | undefined =>
  view.getUint32(at + CHECK_AT) === 0
    ? { grantId: view.getBigInt64(at), generation: view.getUint32(at + GENERATION_AT) }
    : undefined;
