import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { Ajv } from 'ajv';
import { readDocument } from './documents.ts';
import { readFreshSamples, samplesOf, selectorsOf, showSelector } from './exposed-metrics.ts';
import { runPromtool } from './promtool.ts';

type Box = { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
type Panel = {
  readonly id: number;
  readonly title: string;
  readonly gridPos: Box;
  readonly targets: readonly { readonly expr: string }[];
};
type Dashboard = { readonly panels: readonly Panel[] };

/** What Grafana needs of a dashboard and its panels (its dashboard JSON model). */
const SCHEMA = {
  type: 'object',
  required: ['title', 'uid', 'schemaVersion', 'panels', 'templating', 'time'],
  properties: {
    title: { type: 'string', minLength: 1 },
    uid: { type: 'string', pattern: '^[a-zA-Z0-9_-]{1,40}$' },
    schemaVersion: { type: 'integer', minimum: 36 },
    templating: {
      type: 'object',
      required: ['list'],
      properties: { list: { type: 'array', items: { type: 'object', required: ['name', 'type'] } } },
    },
    panels: {
      type: 'array',
      items: {
        type: 'object',
        required: ['id', 'type', 'title', 'description', 'datasource', 'gridPos', 'fieldConfig', 'targets'],
        properties: {
          id: { type: 'integer', minimum: 1 },
          type: { enum: ['timeseries', 'stat'] },
          title: { type: 'string', minLength: 1 },
          datasource: { type: 'object', properties: { uid: { const: '${datasource}' } } },
          gridPos: {
            type: 'object',
            required: ['x', 'y', 'w', 'h'],
            properties: {
              x: { type: 'integer', minimum: 0, maximum: 23 },
              y: { type: 'integer', minimum: 0 },
              w: { type: 'integer', minimum: 1, maximum: 24 },
              h: { type: 'integer', minimum: 1 },
            },
          },
          targets: {
            type: 'array',
            minItems: 1,
            items: {
              type: 'object',
              required: ['refId', 'expr', 'legendFormat', 'datasource'],
              properties: { refId: { type: 'string', pattern: '^[A-Z]$' }, expr: { type: 'string' } },
            },
          },
        },
      },
    },
  },
} as const;

const dashboard: unknown = JSON.parse(readDocument('deploy/grafana/keyfob.json'));
const { panels } = dashboard as Dashboard;

/** Metrics of a store on PostgreSQL, which the fresh server here does not have. */
const OF_POSTGRES: ReadonlySet<string> = new Set(['keyfob_store_connections']);

const overlap = (a: Box, b: Box): boolean =>
  a.x < b.x + b.w && b.x < a.x + a.w && a.y < b.y + b.h && b.y < a.y + a.h;

describe('the dashboard for Grafana', () => {
  test('has the form of a dashboard, and no panel covers another', () => {
    const validate = new Ajv({ allErrors: true }).compile(SCHEMA);
    assert.ok(validate(dashboard), JSON.stringify(validate.errors));
    assert.equal(new Set(panels.map(({ id }) => id)).size, panels.length);
    for (const one of panels) {
      assert.ok(one.gridPos.x + one.gridPos.w <= 24, one.title);
      const covered = panels.filter((other) => other !== one && overlap(one.gridPos, other.gridPos));
      assert.deepEqual(covered, []);
    }
  });

  test('shows only what a server exposes', async () => {
    const samples = await readFreshSamples();
    for (const { title, targets } of panels)
      for (const { expr } of targets) {
        const selectors = selectorsOf(expr);
        assert.ok(selectors.length > 0, title);
        for (const selector of selectors) {
          if (OF_POSTGRES.has(selector.metric)) continue;
          // Nothing is collected yet in a fresh process.
          const isCollected = !selector.metric.startsWith('nodejs_gc_');
          assert.ok(!isCollected || samplesOf(samples, selector).length > 0, showSelector(selector));
        }
      }
  });

  test('asks what Prometheus understands', (t) => {
    const directory = mkdtempSync(join(tmpdir(), 'keyfob-dashboard-'));
    t.after(() => rmSync(directory, { recursive: true }));
    const rules = panels.flatMap(({ id, targets }) =>
      targets.map(({ expr }, index) => ({
        record: `panel${id}:${index}`,
        expr: expr.replaceAll('$__rate_interval', '5m').replaceAll('$instance', '.*'),
      })),
    );
    const file = join(directory, 'rules.yml');
    // JSON is YAML.
    writeFileSync(file, JSON.stringify({ groups: [{ name: 'dashboard', rules }] }));
    runPromtool(t, 'check', 'rules', file);
  });
});
