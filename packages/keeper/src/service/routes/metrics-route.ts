import * as v from 'valibot';
import type { Metrics } from '../metrics/metrics.ts';
import { defineRoute } from '../route.ts';
import type { ServiceRoute } from '../route.ts';

/** Metrics for Prometheus. */
export const createMetricsRoute = (metrics: Pick<Metrics, 'contentType' | 'render'>): ServiceRoute =>
  defineRoute({
    method: 'GET',
    path: '/metrics',
    tag: 'about',
    summary: 'Metrics in the text format of Prometheus',
    description:
      'What the store answers is read at most once in ten seconds, and left out while the store is away.',
    scope: 'metrics',
    answers: { 200: { description: 'Metrics.', schema: v.string(), mediaType: 'text/plain' } },
    problems: [],
    handle: async () =>
      new Response(await metrics.render(), { headers: { 'content-type': metrics.contentType } }),
  });
