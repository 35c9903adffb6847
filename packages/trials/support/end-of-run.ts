// Where many files run in one process, a test that ends the process would skip all others without a failure.
import { after } from 'node:test';
import { RUNS_MANY_FILES } from './test-process.ts';

if (RUNS_MANY_FILES) {
  let isComplete = false;
  after(() => void (isComplete = true));
  process.on('exit', () => {
    if (isComplete) return;
    process.stderr.write('A test ended the process: the tests after it did not run.\n');
    process.exitCode = 1;
  });
}
