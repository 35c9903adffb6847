import * as v from 'valibot';
import type { Metrics } from '../metrics/metrics.ts';
import { createOpenApi } from '../openapi.ts';
import { defineRoute } from '../route.ts';
import type { ServiceRoute } from '../route.ts';
import { VERSION } from '../version.ts';
import { createHealthRoutes } from './about-routes.ts';
import { GRANT_ROUTES } from './grant-routes.ts';
import { createImportRoute } from './import-route.ts';
import { createMetricsRoute } from './metrics-route.ts';
import { TOKEN_ROUTES } from './token-routes.ts';

/** The table of routes, which also describes itself. */
export const createRoutes = (
  readiness: () => Promise<string | undefined>,
  metrics: Pick<Metrics, 'contentType' | 'render'>,
): readonly ServiceRoute[] => {
  let document = '';
  const routes: readonly ServiceRoute[] = [
    ...TOKEN_ROUTES,
    ...GRANT_ROUTES,
    createImportRoute(),
    ...createHealthRoutes(readiness),
    createMetricsRoute(metrics),
    defineRoute({
      method: 'GET',
      path: '/openapi.json',
      tag: 'about',
      summary: 'This description',
      scope: undefined,
      answers: { 200: { description: 'OpenAPI 3.1.', schema: v.record(v.string(), v.unknown()) } },
      problems: [],
      handle: () => new Response(document, { headers: { 'content-type': 'application/json' } }),
    }),
  ];
  document = JSON.stringify(createOpenApi(routes, VERSION));
  return routes;
};

/** What a service answers at `/openapi.json`, without one. */
export const describeService = (): Readonly<Record<string, unknown>> =>
  createOpenApi(
    createRoutes(async () => undefined, { contentType: 'text/plain', render: async () => '' }),
    VERSION,
  );
