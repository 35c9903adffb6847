import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { readBlocks } from '../../guide/guide.ts';
import { installExample, packSandbox, runHere } from '../../package/installed-sandbox.ts';

const [tests = '', code = ''] = readBlocks('testing/javascript.md', 'ts');
const [failure = ''] = readBlocks('testing/javascript.md', 'text');
const directory = mkdtempSync(join(tmpdir(), 'keyfob-javascript-'));
after(() => rmSync(directory, { recursive: true, force: true }));

test('docs/guide/testing/javascript.md runs as it is printed, with vitest and as it says with node:test', async (t) => {
  const folder = join(directory, 'project');
  if ((await installExample('vitest', folder, await packSandbox(directory))) === 'no_network')
    return t.skip('the npm registry cannot be reached from this machine');
  for (const name of ['src', 'test']) rmSync(join(folder, name), { recursive: true });
  writeFileSync(join(folder, 'car-tokens.ts'), code);
  writeFileSync(join(folder, 'car-tokens.test.ts'), tests);
  const passed = await runHere('npm', ['test'], folder);
  assert.match(passed.stdout, /Tests {2}1 passed/, passed.stdout + passed.stderr);
  // The failure that the page shows.
  writeFileSync(join(folder, 'car-tokens.ts'), code.replace('attempt <= 3', 'attempt <= 1'));
  writeFileSync(
    join(folder, 'car-tokens.test.ts'),
    tests.replace('await cars.refresh()', 'await cars.refresh().catch(() => {})'),
  );
  const failed = await runHere('npm', ['test'], folder);
  for (const line of failure.trim().split('\n'))
    assert.ok(failed.stderr.includes(line.trim()), failed.stderr);
  writeFileSync(join(folder, 'car-tokens.ts'), code);
  const ported = tests
    .replace(/^import .* from 'vitest';$/m, "import { after, test } from 'node:test';")
    .replace(/^let sandbox;\nbeforeAll[^]*?^\}\);\n/m, 'const sandbox = await startSandbox();\n')
    .replace('afterAll(', 'after(');
  writeFileSync(join(folder, 'ported.test.ts'), ported);
  const inNode = await runHere('node', ['--test', 'ported.test.ts'], folder);
  assert.match(inNode.stdout, /pass 1\n/, inNode.stdout);
});
