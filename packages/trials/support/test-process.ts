/** Whether this process runs many test files, one after the other. */
export const RUNS_MANY_FILES = process.execArgv.includes('--test-isolation=none');

/** Whether this process runs tests. The runner loads the same modules, and starts a process for each file. */
export const RUNS_TESTS = RUNS_MANY_FILES || process.env['NODE_TEST_CONTEXT'] !== undefined;
