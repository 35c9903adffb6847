import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { globSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { test } from 'node:test';
import type { TestContext } from 'node:test';

const PACKAGES = fileURLToPath(new URL('../../', import.meta.url));
const END_OF_RUN = new URL('end-of-run.ts', import.meta.url).href;

/** Runs test files in one process. Answers its exit code and its standard error. */
const runTogether = (t: TestContext, ...bodies: readonly string[]) => {
  const directory = mkdtempSync(join(tmpdir(), 'keyfob-tests-'));
  t.after(() => rmSync(directory, { recursive: true }));
  const files = bodies.map((body, index) => join(directory, `${index}.test.mjs`));
  for (const [index, file] of files.entries())
    writeFileSync(file, `import { test } from 'node:test';\ntest('one', () => {${bodies[index]}});\n`);
  const args = ['--import', END_OF_RUN, '--test', '--test-isolation=none', ...files];
  const { NODE_TEST_CONTEXT: _, ...env } = process.env;
  return new Promise<{ readonly code: number; readonly stderr: string }>((resolve) => {
    const child = execFile(process.execPath, args, { env }, (_error, _stdout, stderr) =>
      resolve({ code: child.exitCode ?? -1, stderr }),
    );
  });
};

test('a run in one process fails if a test ends the process', async (t) => {
  assert.equal((await runTogether(t, '', '')).code, 0);
  const { code, stderr } = await runTogether(t, 'process.exit(0)', '');
  assert.equal(code, 1);
  assert.match(stderr, /the tests after it did not run/);
});

test('no test is marked as the only one, which would skip all others of its process', () => {
  const marked = globSync('**/*.test.ts', { cwd: PACKAGES, exclude: ['**/node_modules/**'] }).filter((file) =>
    /\b(?:test|describe|it|suite)\.only\(|\bonly: true\b/.test(readFileSync(join(PACKAGES, file), 'utf8')),
  );
  assert.deepEqual(marked, []);
});
