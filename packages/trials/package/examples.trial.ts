import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { WORKSPACE } from './installed-package.ts';
import { installExample, packSandbox, runHere } from './installed-sandbox.ts';

/** Each example, and a line without which its tests must fail. */
const EXAMPLES = [
  {
    name: 'vitest',
    file: 'src/car-tokens.ts',
    needed: '        await writeTokens(path, next);\n',
    tests: /Tests {2}5 passed/,
    report: /The code holds g1\/0, but the current refresh token is g1\/\d/,
  },
  {
    name: 'node-test',
    file: 'src/pleos-tokens.ts',
    needed: '    running ??= refreshNow()',
    instead: '    running = refreshNow()',
    tests: /pass 7/,
    report: /The code refreshed \d+ times/,
  },
  {
    name: 'jest',
    file: 'src/token-holder.js',
    needed: '        held = answer.refresh_token;\n',
    tests: /Tests: +5 passed/,
    report: /The code holds g1\/0, but the current refresh token is g1\/1/,
  },
  {
    name: 'keeper-hono',
    file: 'src/app.js',
    needed:
      "    if (error instanceof NeedsConsentError)\n      return context.json({ connect: '/start', cause: error.cause }, 409);\n",
    tests: /pass 4/,
    report: /the owner must consent again/,
  },
] as const;

const directory = mkdtempSync(join(tmpdir(), 'keyfob-examples-'));
after(() => rmSync(directory, { recursive: true, force: true }));
const archives = await packSandbox(directory, ['keeper']);

/** As an integrator compiles it. */
const STRICT =
  '--noEmit --strict --exactOptionalPropertyTypes --module nodenext --target es2024 --types node'.split(' ');

for (const example of EXAMPLES) {
  const { name, file, needed, tests, report } = example;
  test(`the example ${name} passes with the packed sandbox, and fails without a line that it needs`, async (t) => {
    const folder = join(directory, name);
    if ((await installExample(name, folder, archives)) === 'no_network')
      return t.skip('the npm registry cannot be reached from this machine');
    const passed = await runHere('npm', ['test'], folder);
    const output = `${passed.stdout}${passed.stderr}`;
    assert.equal(passed.code, 0, output);
    assert.match(output, tests);
    if (name === 'node-test') await checkTypes(folder);
    const text = readFileSync(join(folder, file), 'utf8');
    assert.ok(text.includes(needed));
    writeFileSync(join(folder, file), text.replace(needed, 'instead' in example ? example.instead : ''));
    const failed = await runHere('npm', ['test'], folder);
    assert.equal(failed.code, 1);
    assert.match(`${failed.stdout}${failed.stderr}`, report);
  });
}

/** The example with the types of the packed sandbox, whose own files are checked too; also from CommonJS. */
async function checkTypes(folder: string): Promise<void> {
  writeFileSync(
    join(folder, 'required.cts'),
    "import testing = require('@keyfob/sandbox/testing');\nexport const world: Promise<testing.World> = testing.startSandbox().then((one) => one.world());\n",
  );
  const modules = join(WORKSPACE, 'node_modules');
  const files = ['src/pleos-tokens.ts', 'test/pleos-tokens.test.ts', 'required.cts'];
  const options = [...STRICT, '--allowImportingTsExtensions', '--typeRoots', join(modules, '@types')];
  const checked = await runHere(join(modules, '.bin', 'tsc'), [...options, ...files], folder);
  assert.equal(checked.code, 0, checked.stdout);
}
