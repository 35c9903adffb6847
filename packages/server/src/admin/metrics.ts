import { Counter, Gauge, Registry } from 'prom-client';
import type { Millis } from '../clock.ts';
import type { StoreFigures } from '../grants/store.ts';
import type { EventCount } from './event-counts.ts';
import type { Latencies } from './latencies.ts';
import { latencyMetric } from './latency-metric.ts';
import { processMetrics } from './process-metrics.ts';
import { addStoreMetrics } from './store-metrics.ts';

/** How many lines of the log were written, dropped and left out. */
export type LogLines = {
  readonly written: number;
  /** Because nobody read them, or the disk was full. */
  readonly dropped: number;
  /** Because there were many of the same kind. */
  readonly leftOut: number;
};

/** Where the values of the metrics are read, whenever somebody asks for them. */
export type MetricSources = {
  readonly version: string;
  readonly events: () => readonly EventCount[];
  readonly latencies: () => readonly Latencies[];
  readonly openRequests: () => number;
  readonly isReady: () => Promise<boolean>;
  readonly clockSkewMs: () => Millis;
  readonly clockDoubtMs: () => Millis;
  /** `undefined` if the store did not answer. */
  readonly deliveriesWaiting: () => Promise<number | undefined>;
  /** `undefined` if the host writes the log. */
  readonly logLines: (() => LogLines) | undefined;
  /** `undefined` on PostgreSQL. */
  readonly storeLogBytes: (() => number) | undefined;
  /** `undefined` for a store of the host that does not know its own. */
  readonly storeFigures: (() => StoreFigures) | undefined;
};

/** All metrics of a server, in the text format of Prometheus. */
export type Metrics = { readonly contentType: string; readonly render: () => Promise<string> };

/**
 * The metrics of a server and of its process. They are collected when they are rendered; nothing is added to a request for them.
 * Those that the store does not answer are left out.
 */
export const createMetrics = (sources: MetricSources): Metrics => {
  const registry = new Registry();
  const registers = [registry];
  const gauge = (name: string, help: string, read: () => number): void => {
    const metric: Gauge = new Gauge({ name, help, registers, collect: () => metric.set(read()) });
  };
  addCounters(registers, sources);
  registry.registerMetric(
    latencyMetric(
      'keyfob_token_request_duration_seconds',
      'Duration of requests to the token endpoints, from the last byte read to the answer, including the commit.',
      sources.latencies,
    ),
  );
  gauge('keyfob_open_requests', 'Requests that are being answered.', sources.openRequests);
  gauge(
    'keyfob_clock_skew_seconds',
    "By how much this machine's clock is ahead of the one in use: the database's, or the store's newest moment.",
    () => sources.clockSkewMs() / 1000,
  );
  gauge(
    'keyfob_clock_doubt_seconds',
    'By how much the clock in use may be ahead of the true time, as far as is known.',
    () => sources.clockDoubtMs() / 1000,
  );
  if (sources.storeLogBytes !== undefined)
    gauge(
      'keyfob_store_log_bytes',
      'Size of the write-ahead log of the SQLite store.',
      sources.storeLogBytes,
    );
  if (sources.storeFigures !== undefined) addStoreMetrics(registers, sources.storeFigures);
  addReadiness(registers, sources);
  const ofProcess = processMetrics();
  return {
    contentType: registry.contentType,
    render: async () => (await Promise.all([registry.metrics(), ofProcess.metrics()])).join('\n'),
  };
};

const addCounters = (registers: Registry[], { version, events, logLines }: MetricSources): void => {
  const build = new Gauge({
    name: 'keyfob_build_info',
    help: 'The version that runs, and that of Node.js; always 1.',
    labelNames: ['version', 'node'],
    registers,
  });
  build.set({ version, node: process.version }, 1);
  const counted: Counter<'event' | 'reason'> = new Counter({
    name: 'keyfob_log_events_total',
    help: 'Log events by name and, where they have one, reason.',
    labelNames: ['event', 'reason'],
    registers,
    collect() {
      counted.reset();
      for (const { event, reason, count } of events()) counted.inc({ event, reason }, count);
    },
  });
  if (logLines === undefined) return;
  const lines: Counter<'outcome'> = new Counter({
    name: 'keyfob_log_lines_total',
    help: 'Lines of the log: written, dropped because nobody read them, or left out because many were alike.',
    labelNames: ['outcome'],
    registers,
    collect() {
      const { written, dropped, leftOut } = logLines();
      lines.reset();
      lines.inc({ outcome: 'written' }, written);
      lines.inc({ outcome: 'dropped' }, dropped);
      lines.inc({ outcome: 'left_out' }, leftOut);
    },
  });
};

/** What the store is asked for. A store that is not ready is not asked for more. */
const addReadiness = (registers: Registry[], { isReady, deliveriesWaiting }: MetricSources): void => {
  const waiting: Gauge = new Gauge({
    name: 'keyfob_webhook_deliveries_waiting',
    help: 'Deliveries of the whole store that are neither delivered nor given up.',
    registers,
    async collect() {
      const count = (await isReady()) ? await deliveriesWaiting() : undefined;
      if (count === undefined) waiting.remove();
      else waiting.set(count);
    },
  });
  const ready: Gauge = new Gauge({
    name: 'keyfob_ready',
    help: '1 if /readyz answers 200.',
    registers,
    async collect() {
      ready.set((await isReady()) ? 1 : 0);
    },
  });
};
