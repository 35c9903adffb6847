// Loaded into every test file. A file that hangs fails with a reason; without this, the whole run would never end.
import { RUNS_TESTS } from './test-process.ts';

const LIMIT_MINUTES = 15;

const stop = (): void => {
  const open = process.getActiveResourcesInfo().join(', ');
  process.stderr.write(`This test file did not end within ${LIMIT_MINUTES} minutes. Still open: ${open}\n`);
  process.exit(1);
};
if (RUNS_TESTS) setTimeout(stop, LIMIT_MINUTES * 60_000).unref();
