import { Counter } from 'prom-client';
import type { Registry } from 'prom-client';
import { statusesOf } from '../openapi.ts';
import type { ServiceRoute } from '../route.ts';

/** Counts answers by route and status. Each that is described begins at 0. */
export const countRequests = (
  registry: Registry,
  routes: readonly ServiceRoute[],
): ((route: string, status: number) => void) => {
  const counts = new Map<string, Map<number, number>>();
  for (const route of routes)
    counts.set(
      `${route.method} ${route.path}`,
      new Map(statusesOf(route).map((status) => [status, 0] as const)),
    );
  const counter: Counter = new Counter({
    name: 'keyfob_keeper_requests_total',
    help: 'Answered requests.',
    labelNames: ['route', 'status'],
    registers: [registry],
    collect() {
      counter.reset();
      for (const [route, statuses] of counts)
        for (const [status, count] of statuses) counter.inc({ route, status }, count);
    },
  });
  return (route, status) => {
    const statuses = counts.get(route);
    statuses?.set(status, (statuses.get(status) ?? 0) + 1);
  };
};
