import type { FigureVerbs } from '../figures.ts';
import type { Connection } from './connection.ts';

const RANKS = [0, 1, 2] as const;
const UNSURE = ['uncertain', 'staged', 'suspect'] as const;

/** For metrics. */
export const createFigureVerbs = ({ database, commits }: Connection): FigureVerbs => {
  const due = database.prepare(
    'SELECT min(due_at_ms) AS at_ms FROM grants WHERE client = ? AND due_rank = ? AND due_at_ms IS NOT NULL',
  );
  const unsure = database.prepare(
    `SELECT min(since_ms) AS at_ms FROM grants INDEXED BY grants_by_trouble
      WHERE state = ? AND state NOT IN ('active', 'inflight')`,
  );
  return {
    figures: (clients) =>
      commits.read(() => ({
        dueAtMs: Object.fromEntries(
          clients.flatMap((client) => {
            const moments = RANKS.flatMap((rank) => due.get(client, rank)?.['at_ms'] ?? []).map(Number);
            return moments.length === 0 ? [] : [[client, Math.min(...moments)] as const];
          }),
        ),
        unsureSinceMs: earliest(UNSURE.map((state) => unsure.get(state)?.['at_ms'])),
      })),
  };
};

const earliest = (values: readonly unknown[]): number | undefined => {
  const moments = values.filter((value) => value !== null && value !== undefined).map(Number);
  return moments.length === 0 ? undefined : Math.min(...moments);
};
