import { collectDefaultMetrics, Registry } from 'prom-client';
import type { LogEvent } from '../../refresh/engine.ts';
import type { WebhookEvent } from '../../webhooks/sender.ts';
import type { ServiceRoute } from '../route.ts';
import { countEvents } from './count-events.ts';
import { createFigures } from './figures.ts';
import { createGauges } from './gauges.ts';
import { countRequests } from './count-requests.ts';
import type { MetricParts } from './metric-parts.ts';

/** The metrics of a service, in the text format of Prometheus. */
export type Metrics = {
  readonly contentType: string;
  render(): Promise<string>;
  /** Counts what happened. */
  note(event: LogEvent | WebhookEvent): void;
  /** Counts an answered request. */
  noteRequest(route: string, status: number): void;
};

/** Metrics in a registry of their own. Every combination of labels that is known begins at 0. */
export const createMetrics = (parts: MetricParts, routes: () => readonly ServiceRoute[]): Metrics => {
  const registry = new Registry();
  const { context } = parts;
  collectDefaultMetrics({ register: registry });
  const note = countEvents(registry, context.parts.engine.clients, parts.endpoints);
  const setGauges = createGauges(registry, parts, createFigures(context.keeper, context.parts));
  let noteRequest: Metrics['noteRequest'] | undefined;
  return {
    contentType: registry.contentType,
    note,
    noteRequest(route, status) {
      noteRequest ??= countRequests(registry, routes());
      noteRequest(route, status);
    },
    async render() {
      noteRequest ??= countRequests(registry, routes());
      await setGauges();
      return registry.metrics();
    },
  };
};
