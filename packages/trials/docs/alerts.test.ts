import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import { parse } from 'yaml';
import { anchorsOf, readDocument, ROOT } from './documents.ts';
import { readFreshSamples, samplesOf, selectorsOf, showSelector } from './exposed-metrics.ts';
import type { Sample } from './exposed-metrics.ts';
import { runPromtool } from './promtool.ts';

type Alert = {
  readonly alert: string;
  readonly expr: string;
  readonly labels: { readonly severity: string };
  readonly annotations: { readonly summary: string; readonly runbook: string };
};
type RuleFile = { readonly groups: readonly { readonly rules: readonly Alert[] }[] };
type TestFile = {
  readonly tests: readonly {
    readonly alert_rule_test: readonly {
      readonly alertname: string;
      readonly exp_alerts: readonly unknown[];
    }[];
  }[];
};

const RULES = 'deploy/prometheus/alerts.yaml';
const TESTS = 'deploy/prometheus/alerts.test.yaml';
const OPERATIONS = 'docs/operations.md';

const ALERTS = (parse(readDocument(RULES)) as RuleFile).groups.flatMap(({ rules }) => rules);

describe('the alerts', () => {
  let samples: readonly Sample[] = [];
  before(async () => {
    samples = await readFreshSamples();
  });

  test('are found', () => assert.ok(ALERTS.length >= 18));

  for (const { alert, expr, labels, annotations } of ALERTS) {
    test(`${alert} reads only what a fresh server exposes, and counters that are 0`, () => {
      assert.doesNotMatch(expr, /!=|!~/, 'this test does not read such conditions');
      const selectors = selectorsOf(expr);
      assert.ok(selectors.length > 0);
      for (const selector of selectors) {
        const found = samplesOf(samples, selector);
        assert.ok(found.length > 0, `there is no ${showSelector(selector)}`);
        // `increase` sees a first occurrence only if the series was 0 before.
        if (/_(?:total|bucket|count)$/.test(selector.metric))
          assert.ok(
            found.every(({ value }) => value === 0),
            showSelector(selector),
          );
      }
    });

    test(`${alert} has a section that shows its rule, a severity, and a test in which it fires`, () => {
      assert.ok(['page', 'ticket'].includes(labels.severity));
      assert.notEqual(annotations.summary, '');
      const [path = '', anchor = ''] = annotations.runbook.split('#');
      assert.equal(path, OPERATIONS);
      assert.ok(anchorsOf(readDocument(path)).includes(anchor), annotations.runbook);
      const section = new RegExp(`^#### ${alert}\\n\\n(?<rule>.*)\\n`, 'm').exec(readDocument(path));
      assert.ok(section?.groups?.['rule']?.startsWith(`\`${expr}\``), `${alert}: ${expr}`);
      const { tests } = parse(readDocument(TESTS)) as TestFile;
      const expected = tests.flatMap(({ alert_rule_test: cases }) => cases);
      assert.ok(expected.some(({ alertname, exp_alerts: fired }) => alertname === alert && fired.length > 0));
    });
  }

  test('are all in the runbook, and the runbook has no others', () => {
    const documented = [...readDocument(OPERATIONS).matchAll(/^#### (?<alert>Keyfob\w+)$/gm)].map(
      ({ groups }) => groups?.['alert'],
    );
    assert.deepEqual(
      documented,
      ALERTS.map(({ alert }) => alert),
    );
  });

  test('are rules that Prometheus accepts', (t) => runPromtool(t, 'check', 'rules', `${ROOT}${RULES}`));
  test('fire when they should, and only then', (t) => runPromtool(t, 'test', 'rules', `${ROOT}${TESTS}`));
});
