import { StoreError } from '../errors.ts';
import type { OpenedRefreshToken } from '../tokens/refresh-token.ts';

/**
 * The uses of refresh tokens whose commit got no answer: `outcome_unknown`. The client was told 503 and to try again, and
 * when it does, the same use may have taken place already. Remembered here, so that the retry is met as a repeat
 * under every policy. Kept by one process and in memory; a store that several processes share sees to it that the
 * others learn of it.
 */
export type UndecidedUses = {
  has(use: OpenedRefreshToken): boolean;
  /** Told what the store threw at a use; remembers the use if nobody can say how it ended. */
  note(use: OpenedRefreshToken, error: unknown): void;
  /** The use was answered with tokens, so it is decided. A refusal decides nothing: it may have been a stranger's. */
  forget(use: OpenedRefreshToken): void;
};

/** As many as are remembered; the oldest is forgotten first. */
const UNDECIDED_MAX = 100_000;

const nameOf = ({ grantId, generation }: OpenedRefreshToken): string => `${grantId}.${generation}`;

export const createUndecidedUses = (): UndecidedUses => {
  const uses = new Set<string>();
  return {
    has: (use) => uses.size > 0 && uses.has(nameOf(use)),
    note(use, error) {
      if (!(error instanceof StoreError) || error.kind !== 'outcome_unknown') return;
      uses.add(nameOf(use));
      const [oldest] = uses;
      if (uses.size > UNDECIDED_MAX && oldest !== undefined) uses.delete(oldest);
    },
    forget(use) {
      if (uses.size > 0) uses.delete(nameOf(use));
    },
  };
};
