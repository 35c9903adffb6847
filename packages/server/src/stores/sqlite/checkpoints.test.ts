import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isWalResetFixed } from './checkpoints.ts';

const VERSIONS: readonly (readonly [string, boolean])[] = [
  ['3.44.0', false],
  ['3.50.4', false],
  ['3.50.6', false],
  ['3.50.7', true],
  ['3.51.0', false],
  ['3.51.2', false],
  ['3.51.3', true],
  ['3.52.0', true],
  ['3.53.4', true],
  ['4.0.0', true],
  ['', false],
];

for (const [version, isFixed] of VERSIONS) {
  test(`SQLite ${version || 'of an unknown version'} ${isFixed ? 'has' : 'does not have'} checkpoints on a thread`, () => {
    assert.equal(isWalResetFixed(version), isFixed);
  });
}
