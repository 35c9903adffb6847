import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { before, describe, test } from 'node:test';
import { createAuthorizationServer } from '@keyfob/server';
import { readDocument, tableRows } from './documents.ts';

/** A time series that a rule reads: a metric and the conditions on its labels. */
type Selector = { readonly metric: string; readonly conditions: readonly Condition[] };
type Condition = { readonly label: string; readonly operator: string; readonly value: string };
type Sample = { readonly name: string; readonly labels: ReadonlyMap<string, string>; readonly value: number };

/** The rules of the table of paging alerts, as Prometheus reads them. */
const RULES = tableRows(readDocument('docs/operations.md')).flatMap(([cell = '', meaning]) => {
  const rule = /^`(?<rule>[^`]*\bkeyfob_\w+[^`]*[<>=] [\d.]+)`/.exec(cell)?.groups?.['rule'];
  return rule === undefined || meaning === undefined ? [] : [rule.replaceAll(String.raw`\|`, '|')];
});

const LABEL = /(?<label>\w+)(?<operator>=~|!~|!=|=)"(?<value>[^"]*)"/g;

const selectorsOf = (rule: string): readonly Selector[] =>
  [...rule.matchAll(/\b(?<metric>keyfob_\w+)(?:\{(?<labels>[^}]*)\})?/g)].map(({ groups }) => ({
    metric: groups?.['metric'] ?? '',
    conditions: [...(groups?.['labels'] ?? '').matchAll(LABEL)].map((found) => ({
      label: found.groups?.['label'] ?? '',
      operator: found.groups?.['operator'] ?? '',
      value: found.groups?.['value'] ?? '',
    })),
  }));

/** A selector for each alternative of its regular expressions, because every one of them must exist. */
const alternativesOf = ({ metric, conditions }: Selector): readonly Selector[] =>
  conditions.reduce<readonly Selector[]>(
    (selectors, { label, operator, value }) =>
      selectors.flatMap((selector) =>
        (operator === '=~' ? value.split('|') : [value]).map((one) => ({
          ...selector,
          conditions: [...selector.conditions, { label, operator: '=', value: one }],
        })),
      ),
    [{ metric, conditions: [] }],
  );

const readSamples = (text: string): readonly Sample[] =>
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

const show = ({ metric, conditions }: Selector): string =>
  `${metric}{${conditions.map(({ label, value }) => `${label}="${value}"`).join(',')}}`;

const NO_LINES = { written: 0, dropped: 0, leftOut: 0 };

describe('the documented alerts', () => {
  let samples: readonly Sample[] = [];
  before(async () => {
    const data = mkdtempSync(join(tmpdir(), 'keyfob-alerts-'));
    // As `keyfob serve` does, which writes a log.
    const server = await createAuthorizationServer({ data, adminPort: 0 }, { logLines: () => NO_LINES });
    samples = readSamples(await (await fetch(`${await server.listenForAdmin()}/metrics`)).text());
    await server.close();
    rmSync(data, { recursive: true });
  });

  test('are found', () => assert.ok(RULES.length >= 9, RULES.join('\n')));

  for (const rule of RULES)
    test(`${rule} reads only what a fresh server exposes, and counters that are 0`, () => {
      assert.doesNotMatch(rule, /!=|!~/, 'this test does not read such conditions');
      const selectors = selectorsOf(rule).flatMap(alternativesOf);
      assert.ok(selectors.length > 0);
      for (const selector of selectors) {
        const found = samples.filter(
          ({ name, labels }) =>
            name === selector.metric &&
            selector.conditions.every(({ label, value }) => labels.get(label) === value),
        );
        assert.ok(found.length > 0, `there is no ${show(selector)}`);
        // `increase` sees a first occurrence only if the series was 0 before.
        if (/_(?:total|bucket)$/.test(selector.metric))
          assert.ok(
            found.every(({ value }) => value === 0),
            show(selector),
          );
      }
    });

  test('are rules that Prometheus accepts', (t) => {
    const rules = RULES.map((expr, index) => ({ alert: `Rule${index}`, expr }));
    const directory = mkdtempSync(join(tmpdir(), 'keyfob-alerts-'));
    t.after(() => rmSync(directory, { recursive: true }));
    const file = join(directory, 'rules.yml');
    // JSON is YAML.
    writeFileSync(file, JSON.stringify({ groups: [{ name: 'keyfob', rules }] }));
    const checked = spawnSync('promtool', ['check', 'rules', file], { encoding: 'utf8' });
    if (checked.error !== undefined) return t.skip('promtool is not installed (Debian: prometheus)');
    assert.equal(checked.status, 0, checked.stderr);
  });
});
