import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { DIALECTS } from './dialects.ts';

const PACKAGES = new URL('../../../', import.meta.url);

/** The base of the others is no vendor. */
const VENDORS = Object.keys(DIALECTS).filter((name) => name !== 'oauth');

/** What may name vendors: the list of them, and two places that are about some of them on purpose. */
const ALLOWED: readonly RegExp[] = [
  /^server\/src\/dialects\/dialects\.ts$/,
  // Its scorecards compare libraries at these two.
  /^sandbox\/src\/grade\//,
  // The makes of the demo's cars.
  /^server\/src\/connect\/sign-in\/demo-owners\.ts$/,
  // Names that an editor completes.
  /^sandbox\/src\/testing\/world\.ts$/,
];

const withoutComments = (text: string): string =>
  text.replaceAll(/\/\*[\s\S]*?\*\//g, '').replaceAll(/^\s*\/\/.*$/gm, '');

test('no file outside of its folder branches on a vendor', () => {
  const files = globSync('{server,sandbox}/src/**/*.ts', { cwd: PACKAGES });
  assert.ok(files.length > 300);
  for (const vendor of VENDORS) {
    const named = new RegExp(`['"]${vendor}(?:-[a-z-]+)?['"]|DIALECTS\\.${vendor}\\b`);
    const found = files.filter(
      (file) =>
        !file.startsWith(`server/src/dialects/${vendor}/`) &&
        !file.endsWith('.test.ts') &&
        !ALLOWED.some((one) => one.test(file)) &&
        named.test(withoutComments(readFileSync(new URL(file, PACKAGES), 'utf8'))),
    );
    assert.deepEqual(found, [], vendor);
  }
});
