import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readBlocks } from '../../guide/guide.ts';
import { runAll } from '../../interop/clients/install.ts';
import { runCommand } from '../../support/run-command.ts';
import { makeGuideProject } from './guide-project.ts';

const [fixture = '', code = '', tests = ''] = readBlocks('testing/go.md', 'go');

test('docs/guide/testing/go.md runs as it is printed', async (t) => {
  const project = makeGuideProject();
  const missing = await runAll([['go', 'mod', 'init', 'cars']], project.folder);
  if (missing !== undefined) return t.skip(missing.skipped);
  project.write('sandbox_test.go', fixture);
  project.write('cars.go', code);
  project.write('cars_test.go', tests);
  const env = { ...process.env, ...project.environment, GOFLAGS: '-count=1' };
  const passed = await runCommand('go', ['test', '-v', './...'], { cwd: project.folder, env });
  assert.equal(passed.stdout.match(/^--- PASS/gm)?.length, 3, passed.stdout + passed.stderr);
  assert.equal(passed.code, 0);
  // Code that does not store what comes back must fail, or the page would show nothing.
  project.write('cars.go', code.replace('t.RefreshToken = body.RefreshToken', ''));
  const failed = await runCommand('go', ['test', './...'], { cwd: project.folder, env });
  assert.equal(failed.code, 1);
  assert.match(failed.stdout, /This token was used/);
});
