import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { isMet } from '../volume/figure.ts';
import type { Figure } from '../volume/figure.ts';
import { measureKeeper } from './measure-keeper.ts';
import { PARTS } from './plan.ts';

/** The figures that are times of this machine, or depend on them. */
const DEPENDS_ON_SPEED =
  /^(?:import$|import, the last|first turn|later turn|longest stall|read:|token\(\)|HTTP: (?!wrong)|real time)/;

test('A small fleet is imported, asked for and served; its schedule keeps up, and an outage loses nothing.', async (scope) => {
  const directory = mkdtempSync(join(tmpdir(), 'keeper-bench-'));
  scope.after(() => rmSync(directory, { recursive: true, force: true }));
  const figures: Figure[] = [];
  await measureKeeper(
    { parts: PARTS, grants: 300, hot: 40, outageHours: 1, asks: 1000, serveSeconds: 1, directory },
    { figure: (figure) => figures.push(figure), progress: () => undefined },
  );
  const missed = figures.filter((figure) => !DEPENDS_ON_SPEED.test(figure.name) && isMet(figure) === false);
  assert.deepEqual(missed, []);
  const named = (name: string): number | undefined => figures.find((figure) => figure.name === name)?.value;
  assert.ok((named('refreshes in a virtual hour') ?? 0) > 10);
  assert.equal(named('HTTP: wrong answers'), 0);
  assert.equal(named('after it: grants lost'), 0);
  for (const { name, value } of figures) assert.ok(Number.isFinite(value), `${name} is ${value}`);
});
