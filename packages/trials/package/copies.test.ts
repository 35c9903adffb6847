import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { suite, test } from 'node:test';

/**
 * The packages import nothing of each other but the sandbox the server, so that each is installed alone. What is small and has nothing to do with
 * tokens is there twice, word for word: a fault that is repaired in one is repaired in both.
 */
const COPIES = [
  ['server/src/cli/log/line-output.ts', 'keeper/src/cli/line-output.ts'],
  ['server/src/cli/stop-signals.ts', 'keeper/src/cli/stop-signals.ts'],
  ['server/src/imports/csv.ts', 'keeper/src/operations/import/csv.ts'],
  ['server/src/imports/lines.ts', 'keeper/src/operations/import/lines.ts'],
  ['server/src/nearest-name.ts', 'keeper/src/config/nearest-name.ts'],
  ['sandbox/src/page/html.ts', 'keeper/src/status-page/html.ts'],
] as const;

const read = (path: string): string => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');

suite('Copies', () => {
  for (const [one, other] of COPIES)
    test(`${other} is ${one}, word for word.`, () => assert.equal(read(other), read(one)));
});
