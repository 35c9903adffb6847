import { viewOf } from './block-view.ts';
import { BLOCK_BYTES } from './sealer.ts';
import type { Sealer } from './sealer.ts';
import type { Shape } from './shape.ts';

/** Sealed tokens, opened under one key: in every way that their shape leaves open. */
export type OpenedTokens = {
  /** Their blocks. */
  readonly view: DataView;
  /**
   * The place in `view` of the next block that token `index` may be, behind the place `after`, and that passes `check`;
   * -1 for none.
   */
  find(index: number, check: BlockCheck, after?: number): number;
};

/** Whether a block at this place is a token at all, by its constant part. */
export type BlockCheck = (view: DataView, at: number) => boolean;

/**
 * Opens sealed tokens, one after the other in `sealed`, in one call of the cipher. Where the shape overwrites bits, each
 * token has several candidates, and `check` finds the right one; a second passes with the odds of its length
 * (`docs/decisions/0003-token.md`).
 */
export const openBlocks = (sealer: Sealer, shape: Shape, sealed: Buffer): OpenedTokens => {
  const { overwrites } = shape;
  const candidates = overwrites === undefined ? sealed : overwrites.restore(sealed);
  const { blocks, misfits } = sealer.openAll(candidates, shape.macBytes);
  const view = viewOf(blocks);
  const stride = (overwrites?.candidates ?? 1) * BLOCK_BYTES;
  return {
    view,
    find(index, check, after) {
      if (misfits.has(index)) return -1;
      const from = index * stride;
      const isOneOnly = overwrites?.areIn(sealed, index * BLOCK_BYTES) !== true;
      const end = isOneOnly ? from + BLOCK_BYTES : from + stride;
      for (let at = after === undefined ? from : after + BLOCK_BYTES; at < end; at += BLOCK_BYTES)
        if (check(view, at)) return at;
      return -1;
    },
  };
};

/** Every reading of one token under one sealer. */
export const readingsOf = <Reading>(
  sealer: Sealer,
  shape: Shape,
  sealed: Buffer,
  { check, read }: { readonly check: BlockCheck; readonly read: (view: DataView, at: number) => Reading },
): readonly Reading[] => {
  const { view, find } = openBlocks(sealer, shape, sealed);
  const readings: Reading[] = [];
  for (let at = find(0, check); at >= 0; at = find(0, check, at)) readings.push(read(view, at));
  return readings;
};
