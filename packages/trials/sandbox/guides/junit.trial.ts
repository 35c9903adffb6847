import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readBlocks } from '../../guide/guide.ts';
import { runAll } from '../../interop/clients/install.ts';
import { runCommand } from '../../support/run-command.ts';
import { makeGuideProject } from './guide-project.ts';

const [pom = ''] = readBlocks('testing/junit.md', 'xml');
const [fixture = '', code = '', tests = ''] = readBlocks('testing/junit.md', 'java');

test('docs/guide/testing/junit.md runs as it is printed, with a process', async (t) => {
  const project = makeGuideProject();
  project.write('pom.xml', pom);
  const missing = await runAll(
    [
      ['java', '--version'],
      ['mvn', '--quiet', '--batch-mode', 'dependency:resolve'],
    ],
    project.folder,
  );
  if (missing !== undefined) return t.skip(missing.skipped);
  project.write('src/test/java/World.java', fixture);
  project.write('src/main/java/CarTokens.java', code);
  project.write('src/test/java/CarTokensTest.java', tests);
  const env = { ...process.env, ...project.environment };
  const maven = () => runCommand('mvn', ['--batch-mode', 'test'], { cwd: project.folder, env });
  const passed = await maven();
  assert.match(passed.stdout, /Tests run: 2, Failures: 0, Errors: 0, Skipped: 0/, passed.stdout);
  // Code that does not store what comes back must fail, or the page would show nothing.
  project.write('src/main/java/CarTokens.java', code.replace(/refreshToken = body.*;/, ''));
  const failed = await maven();
  assert.match(failed.stdout, /This token was used/, failed.stdout);
});
