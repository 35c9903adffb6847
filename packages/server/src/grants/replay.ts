import type { Policy } from '../clients/policy.ts';
import type { Millis } from '../clock.ts';
import type { Caller } from '../log-event.ts';
import type { Grant } from './grant.ts';

/** The evidence of a replay, by which an operator judges it. */
export type Replay = {
  readonly atMs: Millis;
  /** Of the presented token. */
  readonly generation: number;
  /** How many generations it is behind the current one; 1 is the immediate predecessor. */
  readonly gap: number;
  /** Since the newest rotation of the grant. */
  readonly sinceRotationMs: Millis | undefined;
  /** Who presented it. */
  readonly caller: Caller | undefined;
  /** The caller whose refresh issued the current generation. */
  readonly rotatedBy: Caller | undefined;
  readonly looksLike: 'lost_answer' | 'theft';
  /** The response: the client's policy at that moment. */
  readonly response: Policy['onReplay'];
};

/** The last replay of a grant, and how many there were. */
export type ReplayRecord = Replay & { readonly times: number };

/** The evidence of a replay; `grant` as it was before. */
export const describeReplay = (
  grant: Grant,
  replay: { readonly generation: number; readonly gap: number; readonly response: Policy['onReplay'] },
  use: { readonly nowMs: Millis; readonly caller: Caller },
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
 * A successor that was never used may never have arrived: then a retry of the same program, even from another address,
 * looks like a lost answer. Once the successor was used, only the same caller does: a client that went back to an older
 * copy of its tokens.
 */
const isLostAnswer = (gap: number, caller: Caller, rotatedBy: Caller | undefined): boolean => {
  if (rotatedBy === undefined || caller.userAgent !== rotatedBy.userAgent) return false;
  return gap === 1 || caller.address === rotatedBy.address;
};
