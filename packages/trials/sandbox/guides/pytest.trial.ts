import assert from 'node:assert/strict';
import { delimiter, join } from 'node:path';
import { test } from 'node:test';
import { readBlocks } from '../../guide/guide.ts';
import { runAll } from '../../interop/clients/install.ts';
import { runCommand } from '../../support/run-command.ts';
import { makeGuideProject } from './guide-project.ts';

const [fixtures = '', code = '', tests = ''] = readBlocks('testing/pytest.md', 'python');

test('docs/guide/testing/pytest.md runs as it is printed', async (t) => {
  const project = makeGuideProject();
  const programs = join(project.folder, 'venv', 'bin');
  const missing = await runAll(
    [
      ['python3', '-m', 'venv', 'venv'],
      [join(programs, 'pip'), 'install', '--quiet', 'pytest', 'requests'],
    ],
    project.folder,
  );
  if (missing !== undefined) return t.skip(missing.skipped);
  project.write('conftest.py', fixtures);
  project.write('car_tokens.py', code);
  project.write('test_car_tokens.py', tests);
  const pytest = async () => {
    const PATH = `${programs}${delimiter}${project.environment['PATH'] ?? ''}`;
    return runCommand('pytest', ['-q'], { cwd: project.folder, env: { ...process.env, PATH } });
  };
  const passed = await pytest();
  assert.match(passed.stdout, /3 passed/, passed.stdout + passed.stderr);
  // Code that does not store what comes back must fail, or the page would show nothing.
  project.write('car_tokens.py', code.replace('self.refresh_token = tokens["refresh_token"]', 'pass'));
  const failed = await pytest();
  assert.equal(failed.code, 1);
  assert.match(failed.stdout, /AssertionError: This token was used/);
});
