import type { FigureVerbs } from '../figures.ts';
import type { Connections } from './connections.ts';

const DUE = `SELECT client, min(at_ms) AS at_ms FROM (
    SELECT c.client, (SELECT due_at_ms FROM keeper_grants AS g
        WHERE g.client = c.client AND due_rank = r.rank AND due_at_ms IS NOT NULL ORDER BY due_at_ms LIMIT 1) AS at_ms
      FROM unnest(:clients::text[]) AS c (client), (VALUES (0), (1), (2)) AS r (rank)) AS firsts
  WHERE at_ms IS NOT NULL GROUP BY client`;
const UNSURE = `SELECT min(since_ms) AS at_ms FROM keeper_grants
  WHERE state NOT IN ('active', 'inflight') AND state IN ('uncertain', 'staged', 'suspect')`;

/** For metrics. */
export const createFigureVerbs = ({ read }: Connections): FigureVerbs => ({
  async figures(clients) {
    const due = await read(DUE, { clients });
    const [unsure] = await read(UNSURE);
    const sinceMs = unsure?.['at_ms'] ?? undefined;
    return {
      dueAtMs: Object.fromEntries(due.map((row) => [String(row['client']), Number(row['at_ms'])])),
      unsureSinceMs: sinceMs === undefined ? undefined : Number(sinceMs),
    };
  },
});
