import { hash } from 'node:crypto';
import type { Millis, Now } from '../clock.ts';
import { latestMomentOfAge } from '../clock.ts';

/** Something that may be used once: the `jti` of a client's assertion, or of a proof. */
export type OneUse = {
  /** Of what it is and of whom (`digestOnce`). */
  readonly digest: Uint8Array;
  /** From when on it is refused for its age anyway. */
  readonly expiresAtMs: Millis;
};

/** What was used once, in a store: every node sees it at once. */
export type OnceStore = {
  /**
   * Notes a use. `again`: it was noted before. Drops a few that expired before `dropBeforeMs`. The row is on disk when the
   * promise resolves, and with `outcome_unknown` the use may count.
   */
  useOnce(use: OneUse, dropBeforeMs: Millis): Promise<'first' | 'again'>;
};

/** How long a used one is kept after it has expired, because clocks of nodes differ. Bounds the rows of a flood. */
const KEPT_MS: Millis = 300_000;

/** Uses that expired before this may be dropped. */
export const dropOnceBefore = (now: Now): Millis => latestMomentOfAge(KEPT_MS, now);

/** The digest of an id within its scope, such as a client or a key, so that two of them never collide. */
export const digestOnce = (scope: readonly string[], id: string): Buffer =>
  hash('sha256', JSON.stringify([...scope, id]), 'buffer');
