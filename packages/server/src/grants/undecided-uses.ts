import { StoreError } from '../errors.ts';
import type { OpenedRefreshToken } from '../tokens/refresh-token.ts';
import type { Store } from './store.ts';

/**
 * The uses of tokens and codes that were not answered: their commit got no answer (`outcome_unknown`), or their tokens
 * could not be issued. A 503 asks the client to try again, and by the time it does, the use may have taken place. So the
 * use is remembered here, and the retry is a repeat under every policy. This is the memory of one process, for a store
 * that has none of its own (`Store.remembersUnanswered`).
 */
export type UndecidedUses = {
  has(use: OpenedRefreshToken): boolean;
  /** The tokens of a use could not be issued. */
  add(use: OpenedRefreshToken): void;
  /** A use failed with this error. It is remembered if its outcome is unknown. */
  note(use: OpenedRefreshToken, error: unknown): void;
  /** The use was answered with tokens. A refusal is no answer: it may have been for a thief. */
  forget(use: OpenedRefreshToken): void;
};

/** The memory in front of a store; it stays empty where the store has its own, so that one owner answers for a use. */
export const undecidedUsesOf = ({
  remembersUnanswered,
}: Pick<Store, 'remembersUnanswered'>): UndecidedUses =>
  remembersUnanswered === true ? NONE : createUndecidedUses();

const NONE: UndecidedUses = { has: () => false, add() {}, note() {}, forget() {} };

/** How many are remembered; the oldest is forgotten first. */
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
