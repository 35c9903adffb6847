/** Grants that are moved from one step of time to an earlier one. */
export type Move = { readonly from: number; readonly to: number; readonly grants: number };

/**
 * How to spread what is due, so that no step has more than its client can send. `counts` is what is due in each step, the
 * first one being now. What is too much is moved to the nearest earlier steps with room, and never to a later one: early
 * is safe, late is not. What fits nowhere stays, and waits for the budget.
 */
export const planMoves = (counts: readonly number[], capacity: number): readonly Move[] => {
  const left = counts.map((count) => Math.max(0, Math.floor(capacity) - count));
  const moves: Move[] = [];
  for (const [from, count] of counts.entries()) {
    let excess = count - Math.floor(capacity);
    for (let to = from - 1; to >= 0 && excess > 0; to--) {
      const grants = Math.min(excess, left[to] ?? 0);
      if (grants === 0) continue;
      left[to] = (left[to] ?? 0) - grants;
      excess -= grants;
      moves.push({ from, to, grants });
    }
  }
  return moves;
};
