import type { Millis } from '../clock.ts';
import type { EventCount } from './event-counts.ts';
import { renderHistogram, renderMetric } from './exposition.ts';
import type { Latencies } from './latencies.ts';

/** How many lines of the log were written, dropped and left out. */
export type LogLines = {
  readonly written: number;
  /** Because nobody read them, or the disk was full. */
  readonly dropped: number;
  /** Because there were many of the same kind. */
  readonly leftOut: number;
};

/** The values of all metrics at one moment. */
export type Reading = {
  readonly events: readonly EventCount[];
  readonly latencies: Latencies;
  readonly openRequests: number;
  readonly isReady: boolean;
  readonly clockSkewMs: Millis;
  readonly clockDoubtMs: Millis;
  /** `undefined` if the store did not answer. */
  readonly deliveriesWaiting: number | undefined;
  /** `undefined` if the host writes the log. */
  readonly logLines: LogLines | undefined;
  /** `undefined` on PostgreSQL. */
  readonly storeLogBytes: number | undefined;
};

const gauge = (name: string, help: string, value: number): string =>
  renderMetric(name, { type: 'gauge', help, samples: [{ value }] });

const renderLogLines = ({ written, dropped, leftOut }: LogLines): string =>
  renderMetric('keyfob_log_lines_total', {
    type: 'counter',
    help: 'Lines of the log: written, dropped because nobody read them, or left out because many were alike.',
    samples: [
      { labels: { outcome: 'written' }, value: written },
      { labels: { outcome: 'dropped' }, value: dropped },
      { labels: { outcome: 'left_out' }, value: leftOut },
    ],
  });

/** All metrics in the Prometheus text format. Those that the store did not answer are left out. */
export const renderMetrics = (reading: Reading): string => {
  const {
    events,
    latencies,
    openRequests,
    isReady,
    clockSkewMs,
    clockDoubtMs,
    deliveriesWaiting,
    storeLogBytes,
    logLines,
  } = reading;
  const { user, system } = process.cpuUsage();
  return [
    renderMetric('keyfob_log_events_total', {
      type: 'counter',
      help: 'Log events by name and, where they have one, reason.',
      samples: events.map(({ event, reason, count }) => ({ labels: { event, reason }, value: count })),
    }),
    renderHistogram(
      'keyfob_token_request_duration_seconds',
      'Duration of requests to the token endpoints, from the last byte read to the answer, including the commit.',
      latencies,
    ),
    gauge('keyfob_open_requests', 'Requests that are being answered.', openRequests),
    gauge(
      'keyfob_clock_skew_seconds',
      "By how much this machine's clock is ahead of the one in use: the database's, or the store's newest moment.",
      clockSkewMs / 1000,
    ),
    gauge(
      'keyfob_clock_doubt_seconds',
      'By how much the clock in use may be ahead of the true time, as far as is known.',
      clockDoubtMs / 1000,
    ),
    gauge('keyfob_ready', '1 if /readyz answers 200.', isReady ? 1 : 0),
    ...(deliveriesWaiting === undefined
      ? []
      : [
          gauge(
            'keyfob_webhook_deliveries_waiting',
            'Deliveries of the whole store that are neither delivered nor given up.',
            deliveriesWaiting,
          ),
        ]),
    ...(logLines === undefined ? [] : [renderLogLines(logLines)]),
    ...(storeLogBytes === undefined
      ? []
      : [gauge('keyfob_store_log_bytes', 'Size of the write-ahead log of the SQLite store.', storeLogBytes)]),
    renderMetric('process_cpu_seconds_total', {
      type: 'counter',
      help: 'User and system time of this process.',
      samples: [{ value: (user + system) / 1e6 }],
    }),
    gauge('process_resident_memory_bytes', 'Resident memory of this process.', process.memoryUsage.rss()),
    gauge(
      'process_start_time_seconds',
      'Start time of this process since the Unix epoch.',
      performance.timeOrigin / 1000,
    ),
  ].join('');
};
