import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { DIALECTS } from './dialects.ts';

const PACKAGES = new URL('../../../', import.meta.url);

/** The base of the others is no vendor. */
const VENDORS = Object.keys(DIALECTS).filter((name) => name !== 'oauth');

/** The makers whose profiles the keeper has, besides. */
const MAKERS = ['volvo', 'ford', 'hyundai', 'bmw'];

/** What may name vendors: the lists of them, and places that are about some of them on purpose. */
const ALLOWED: readonly RegExp[] = [
  /^server\/src\/dialects\/dialects\.ts$/,
  // The list, and one file for each vendor.
  /^keeper\/src\/providers\/vendors\.ts$/,
  // The makes of the demo's cars.
  /^server\/src\/connect\/sign-in\/demo-owners\.ts$/,
  // Names that an editor completes.
  /^sandbox\/src\/testing\/world\.ts$/,
];

const withoutComments = (text: string): string =>
  text.replaceAll(/\/\*[\s\S]*?\*\//g, '').replaceAll(/^\s*\/\/.*$/gm, '');

test('no file outside of its folder branches on a vendor', () => {
  const files = globSync('{server,sandbox,keeper}/src/**/*.ts', { cwd: PACKAGES });
  assert.ok(files.length > 300);
  for (const vendor of [...VENDORS, ...MAKERS]) {
    // A maker's name is a brand of cars elsewhere.
    const isMaker = MAKERS.includes(vendor);
    const named = new RegExp(`['"]${vendor}(?:-[a-z-]+)?['"]|DIALECTS\\.${vendor}\\b`);
    const found = files.filter(
      (file) =>
        !(isMaker && !file.startsWith('keeper/')) &&
        !file.startsWith(`server/src/dialects/${vendor}/`) &&
        file !== `keeper/src/providers/${vendor}.ts` &&
        !file.endsWith('.test.ts') &&
        !ALLOWED.some((one) => one.test(file)) &&
        named.test(withoutComments(readFileSync(new URL(file, PACKAGES), 'utf8'))),
    );
    assert.deepEqual(found, [], vendor);
  }
});
