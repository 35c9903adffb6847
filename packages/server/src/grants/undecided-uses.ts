import { StoreError } from '../errors.ts';
import type { OpenedRefreshToken } from '../tokens/refresh-token.ts';

/**
 * The uses of refresh tokens that were not answered: their commit got no answer (`outcome_unknown`), or their tokens
 * could not be made. The client is asked by 503 to try again, and when it does, the same use may have taken place
 * already. Remembered here, so that every policy takes the retry for a repeat. Kept by one process and in memory; a
 * store that several processes share lets the others know.
 */
export type UndecidedUses = {
  has(use: OpenedRefreshToken): boolean;
  /** The tokens of a use could not be made. */
  add(use: OpenedRefreshToken): void;
  /** A use failed at the store with this error. It is remembered if its outcome is unknown. */
  note(use: OpenedRefreshToken, error: unknown): void;
  /** The use was answered with tokens, so it is decided. A refusal decides nothing: it may have been a stranger's. */
  forget(use: OpenedRefreshToken): void;
};

/** As many as are remembered; the oldest is forgotten first. */
const UNDECIDED_MAX = 100_000;

const nameOf = ({ grantId, generation }: OpenedRefreshToken): string => `${grantId}.${generation}`;

export const createUndecidedUses = (): UndecidedUses => {
  const uses = new Set<string>();
  const add = (use: OpenedRefreshToken): void => {
    uses.add(nameOf(use));
    const [oldest] = uses;
    if (uses.size > UNDECIDED_MAX && oldest !== undefined) uses.delete(oldest);
  };
  return {
    has: (use) => uses.size > 0 && uses.has(nameOf(use)),
    add,
    note(use, error) {
      if (error instanceof StoreError && error.kind === 'outcome_unknown') add(use);
    },
    forget(use) {
      if (uses.size > 0) uses.delete(nameOf(use));
    },
  };
};
