import type { Policy } from '../clients/policy.ts';
import type { Caller } from '../log-event.ts';
import type { Grant } from './grant.ts';

/** What is known of a replay: the evidence an operator judges by. */
export type Replay = {
  /** Integer milliseconds. */
  readonly atMs: number;
  /** Of the presented token. */
  readonly generation: number;
  /** How many generations it is behind the current one; 1 is the immediate predecessor. */
  readonly gap: number;
  /** Since the newest rotation of the grant, integer milliseconds. */
  readonly sinceRotationMs: number | undefined;
  /** Who presented it. */
  readonly caller: Caller | undefined;
  /** Who made the current generation. */
  readonly rotatedBy: Caller | undefined;
  readonly looksLike: 'lost_answer' | 'theft';
  /** What was done: the client's policy at that moment. */
  readonly response: Policy['onReplay'];
};

/** The last replay of a grant, and how many there were. */
export type ReplayRecord = Replay & { readonly times: number };

/** Puts the evidence of a replay together; `grant` as it was before. */
export const describeReplay = (
  grant: Grant,
  replay: { readonly generation: number; readonly gap: number; readonly response: Policy['onReplay'] },
  use: { readonly nowMs: number; readonly caller: Caller },
): Replay => {
  const rotatedAtMs = grant.rotatedAtMs.at(-1);
  return {
    ...replay,
    atMs: use.nowMs,
    sinceRotationMs: rotatedAtMs === undefined ? undefined : use.nowMs - rotatedAtMs,
    caller: use.caller,
    rotatedBy: grant.rotatedBy,
    looksLike: isLostAnswer(replay.gap, use.caller, grant.rotatedBy) ? 'lost_answer' : 'theft',
  };
};

/**
 * A successor that was never used may never have arrived: then the same program asking again, even from another
 * address, looks like a lost answer. Once the successor was used, only the very same caller does: a client
 * that went back to an older copy of its tokens.
 */
const isLostAnswer = (gap: number, caller: Caller, rotatedBy: Caller | undefined): boolean => {
  if (rotatedBy === undefined || caller.userAgent !== rotatedBy.userAgent) return false;
  return gap === 1 || caller.address === rotatedBy.address;
};
