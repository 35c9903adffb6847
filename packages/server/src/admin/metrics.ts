import type { EventCount } from './event-counts.ts';
import { renderHistogram, renderMetric } from './exposition.ts';
import type { Latencies } from './latencies.ts';

/** What there is to tell at a moment. */
export type Reading = {
  readonly events: readonly EventCount[];
  readonly latencies: Latencies;
  readonly openRequests: number;
  readonly isReady: boolean;
  /** `undefined` where the store did not say. */
  readonly deliveriesWaiting: number | undefined;
};

const gauge = (name: string, help: string, value: number): string =>
  renderMetric(name, { type: 'gauge', help, samples: [{ value }] });

/** Everything that is counted, as Prometheus reads it. What the store did not tell is left out. */
export const renderMetrics = (reading: Reading): string => {
  const { events, latencies, openRequests, isReady, deliveriesWaiting } = reading;
  const { user, system } = process.cpuUsage();
  return [
    renderMetric('keyfob_log_events_total', {
      type: 'counter',
      help: 'Events by name and, where it has one, reason; those of the log.',
      samples: events.map(({ event, reason, count }) => ({ labels: { event, reason }, value: count })),
    }),
    renderHistogram(
      'keyfob_token_request_duration_seconds',
      'Requests to the token endpoints, from read whole to answered, the commit included.',
      latencies,
    ),
    gauge('keyfob_open_requests', 'Requests being answered at this moment.', openRequests),
    gauge('keyfob_ready', 'Whether /readyz says 200, asked for this answer.', isReady ? 1 : 0),
    ...(deliveriesWaiting === undefined
      ? []
      : [
          gauge(
            'keyfob_webhook_deliveries_waiting',
            'Deliveries of the store, whichever node sends them, that are neither delivered nor given up.',
            deliveriesWaiting,
          ),
        ]),
    renderMetric('process_cpu_seconds_total', {
      type: 'counter',
      help: 'User and system time of this process.',
      samples: [{ value: (user + system) / 1e6 }],
    }),
    gauge('process_resident_memory_bytes', 'Resident memory of this process.', process.memoryUsage.rss()),
    gauge(
      'process_start_time_seconds',
      'When this process began, since the epoch.',
      performance.timeOrigin / 1000,
    ),
  ].join('');
};
