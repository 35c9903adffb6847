import type { Metric } from 'prom-client';
import { BOUNDS_SECONDS } from './latencies.ts';
import type { Latencies } from './latencies.ts';

type Value = {
  readonly metricName: string;
  readonly labels: Readonly<Record<string, string | number>>;
  readonly value: number;
};

/**
 * Latencies as a histogram of a registry. They are counted elsewhere and read when somebody asks: the library's own histogram
 * would look up its labels at every request. Its buckets are cumulative.
 */
export const latencyMetric = (name: string, help: string, read: () => readonly Latencies[]): Metric => {
  const metric = {
    name,
    help,
    type: 'histogram',
    aggregator: 'sum',
    get: () => Promise.resolve({ ...metric, values: read().flatMap((one) => valuesOf(name, one)) }),
  };
  // The registry asks for nothing else.
  return metric as unknown as Metric;
};

const valuesOf = (name: string, { dialect, outcome, counts, sumSeconds }: Latencies): readonly Value[] => {
  const labels = { dialect, outcome };
  let count = 0;
  const buckets = counts.map((inBucket, index) => {
    count += inBucket;
    const bound = BOUNDS_SECONDS[index];
    return { metricName: `${name}_bucket`, labels: { ...labels, le: bound ?? '+Inf' }, value: count };
  });
  return [
    ...buckets,
    { metricName: `${name}_sum`, labels, value: sumSeconds },
    { metricName: `${name}_count`, labels, value: count },
  ];
};
