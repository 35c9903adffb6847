import { spawnSync } from 'node:child_process';
import type { TestContext } from 'node:test';
import assert from 'node:assert/strict';

/** Runs `promtool`, which must succeed. Skips the test where it is not installed. */
export const runPromtool = (t: TestContext, ...args: readonly string[]): void => {
  const ended = spawnSync('promtool', args, { encoding: 'utf8' });
  if (ended.error !== undefined) return t.skip('promtool is not installed (Debian: prometheus)');
  assert.equal(ended.status, 0, `${ended.stdout}${ended.stderr}`);
};
