// Loaded into every test file by `npm test`. A file that hangs fails with a reason; without this, the whole run would never end.
const LIMIT_MINUTES = 15;

const stop = (): void => {
  const open = process.getActiveResourcesInfo().join(', ');
  process.stderr.write(`This test file did not end within ${LIMIT_MINUTES} minutes. Still open: ${open}\n`);
  process.exit(1);
};
// The runner loads this module too. Only the processes of test files have this variable.
if (process.env['NODE_TEST_CONTEXT'] !== undefined) setTimeout(stop, LIMIT_MINUTES * 60_000).unref();
