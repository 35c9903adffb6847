import { BOUNDS_SECONDS } from './latencies.ts';
import type { Latencies } from './latencies.ts';

type Sample = { readonly labels?: Readonly<Record<string, string>>; readonly value: number };

const escapeLabel = (value: string): string =>
  value
    .replaceAll('\\', '\\\\')
    .replaceAll('"', String.raw`\"`)
    .replaceAll('\n', String.raw`\n`);

const renderSample = (name: string, { labels = {}, value }: Sample): string => {
  const pairs = Object.entries(labels).map(([label, text]) => `${label}="${escapeLabel(text)}"`);
  return `${name}${pairs.length === 0 ? '' : `{${pairs.join(',')}}`} ${value}\n`;
};

/**
 * A metric in the Prometheus text format. `help` must be one line.
 * @see https://prometheus.io/docs/instrumenting/exposition_formats/
 */
export const renderMetric = (
  name: string,
  { type, help, samples }: { type: 'counter' | 'gauge'; help: string; samples: readonly Sample[] },
): string =>
  `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n${samples.map((sample) => renderSample(name, sample)).join('')}`;

/** Latencies as a histogram. Its buckets are cumulative. */
export const renderHistogram = (name: string, help: string, { counts, sumSeconds }: Latencies): string => {
  let count = 0;
  const buckets = counts.map((inBucket, index) => {
    count += inBucket;
    const bound = BOUNDS_SECONDS[index];
    return renderSample(`${name}_bucket`, {
      labels: { le: bound === undefined ? '+Inf' : String(bound) },
      value: count,
    });
  });
  const sums = [
    renderSample(`${name}_sum`, { value: sumSeconds }),
    renderSample(`${name}_count`, { value: count }),
  ];
  return `# HELP ${name} ${help}\n# TYPE ${name} histogram\n${[...buckets, ...sums].join('')}`;
};
