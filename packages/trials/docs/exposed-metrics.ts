import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createAuthorizationServer } from '@keyfob/server';

/** A value that a server exposes. */
export type Sample = {
  readonly name: string;
  readonly labels: ReadonlyMap<string, string>;
  readonly value: number;
};

/** A time series that an expression reads: a metric and the conditions on its labels. */
export type Selector = { readonly metric: string; readonly conditions: readonly Condition[] };
type Condition = { readonly label: string; readonly operator: string; readonly value: string };

const LABEL = /(?<label>\w+)(?<operator>=~|!~|!=|=)"(?<value>[^"]*)"/g;
const SELECTOR = /\b(?<metric>(?:keyfob|process|nodejs)_\w+)(?:\{(?<labels>[^}]*)\})?/g;
const NO_LINES = { written: 0, dropped: 0, leftOut: 0 };

/** What a fresh server with a store in a file exposes. */
export const readFreshSamples = async (): Promise<readonly Sample[]> => {
  const data = mkdtempSync(join(tmpdir(), 'keyfob-metrics-'));
  // As `keyfob serve` does, which writes a log.
  const server = await createAuthorizationServer({ data, adminPort: 0 }, { logLines: () => NO_LINES });
  try {
    return readSamples(await (await fetch(`${await server.listenForAdmin()}/metrics`)).text());
  } finally {
    await server.close();
    rmSync(data, { recursive: true });
  }
};

export const readSamples = (text: string): readonly Sample[] =>
  text
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => ({
      name: /^\w+/.exec(line)?.[0] ?? '',
      labels: new Map(
        [...line.matchAll(LABEL)].map(({ groups }) => [groups?.['label'] ?? '', groups?.['value'] ?? '']),
      ),
      value: Number(line.slice(line.lastIndexOf(' ') + 1)),
    }));

/** The series that an expression reads: one for each alternative of its regular expressions, because each must exist. */
export const selectorsOf = (expression: string): readonly Selector[] =>
  [...expression.matchAll(SELECTOR)]
    .map(({ groups }) => ({
      metric: groups?.['metric'] ?? '',
      conditions: [...(groups?.['labels'] ?? '').matchAll(LABEL)].map((found) => ({
        label: found.groups?.['label'] ?? '',
        operator: found.groups?.['operator'] ?? '',
        value: found.groups?.['value'] ?? '',
      })),
    }))
    .flatMap(alternativesOf);

const alternativesOf = ({ metric, conditions }: Selector): readonly Selector[] =>
  conditions
    // Which node it is, Prometheus adds.
    .filter(({ label }) => label !== 'instance')
    .reduce<readonly Selector[]>(
      (selectors, { label, operator, value }) =>
        selectors.flatMap((selector) =>
          (operator === '=~' ? value.split('|') : [value]).map((one) => ({
            ...selector,
            conditions: [...selector.conditions, { label, operator: '=', value: one }],
          })),
        ),
      [{ metric, conditions: [] }],
    );

export const samplesOf = (samples: readonly Sample[], { metric, conditions }: Selector): readonly Sample[] =>
  samples.filter(
    ({ name, labels }) =>
      name === metric && conditions.every(({ label, value }) => labels.get(label) === value),
  );

export const showSelector = ({ metric, conditions }: Selector): string =>
  `${metric}{${conditions.map(({ label, value }) => `${label}="${value}"`).join(',')}}`;
