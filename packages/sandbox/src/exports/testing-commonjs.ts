/** `@keyfob/sandbox/testing` for `require`: jest has a `require` of its own, which loads no ES module. */
import { join } from 'node:path';
import { createStartSandbox } from '../testing/start-sandbox.ts';

/** As in the ES module; the thread runs that one. */
export const startSandbox = createStartSandbox(join(__dirname, '..', '..', 'testing', 'sandbox-worker.js'));

export * from '../testing/index.ts';
