import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { readDocument, ROOT } from '../docs/documents.ts';

const MODULES = join(ROOT, 'node_modules');
const SCHEMA = '@grafana/schema';
const PANELS = `${SCHEMA}/dist/esm/raw/composable`;

/** The types that Grafana publishes, and a dashboard and its panels that must have them. Enums are text in JSON. */
const writeProgram = (dashboard: { readonly panels: readonly { readonly type: string }[] }): string => {
  const { panels, ...rest } = dashboard;
  return [
    `import type { Dashboard, Panel } from '${SCHEMA}';`,
    `import type { Options as StatOptions } from '${PANELS}/stat/panelcfg/x/StatPanelCfg_types.gen';`,
    `import type { Options as SeriesOptions, FieldConfig } from '${PANELS}/timeseries/panelcfg/x/TimeSeriesPanelCfg_types.gen';`,
    'type Json<T> = T extends string ? `${T}` : T extends number | boolean | null | undefined ? T',
    '  : T extends readonly (infer Item)[] ? Json<Item>[] : T extends object ? { [Key in keyof T]: Json<T[Key]> } : T;',
    // Grafana fills in the options of a panel that a file leaves out.
    'type PanelOf<Options, Custom> = Omit<Json<Panel>, "options" | "fieldConfig"> & {',
    '  options: Partial<Json<Options>>;',
    '  fieldConfig: Json<Panel<Record<string, unknown>, Custom>["fieldConfig"]>;',
    '};',
    'type Panels = { stat: PanelOf<StatOptions, Record<string, never>>; timeseries: PanelOf<SeriesOptions, Partial<FieldConfig>> };',
    `export const dashboard = ${JSON.stringify({ ...rest, panels: [] })} satisfies Json<Dashboard>;`,
    ...panels.map(
      (panel, index) =>
        `export const panel${index} = ${JSON.stringify(panel, null, 1)} satisfies Panels[${JSON.stringify(panel.type)}];`,
    ),
  ].join('\n');
};

/** What the compiler finds wrong; empty for nothing. */
const compile = (program: string): string => {
  const cache = join(MODULES, '.cache');
  mkdirSync(cache, { recursive: true });
  const directory = mkdtempSync(join(cache, 'dashboard-'));
  try {
    const file = join(directory, 'dashboard.ts');
    writeFileSync(file, program);
    const options = ['--ignoreConfig', '--noEmit', '--strict', '--skipLibCheck', '--module', 'nodenext'];
    const { stdout, stderr } = spawnSync(join(MODULES, '.bin', 'tsc'), [...options, file], {
      encoding: 'utf8',
      cwd: directory,
    });
    return `${stdout}${stderr}`;
  } finally {
    rmSync(directory, { recursive: true });
  }
};

test('the dashboard has the types that Grafana publishes', (t) => {
  if (!existsSync(join(MODULES, SCHEMA))) return t.skip(`${SCHEMA} is not installed`);
  const dashboard = JSON.parse(readDocument('deploy/grafana/keyfob.json')) as Parameters<
    typeof writeProgram
  >[0];
  assert.equal(compile(writeProgram(dashboard)), '');
  const [first, ...others] = dashboard.panels;
  const wrong = { ...dashboard, panels: [{ ...first, type: 'stat', gridpos: {} }, ...others] };
  assert.match(compile(writeProgram(wrong)), /gridpos/);
});
