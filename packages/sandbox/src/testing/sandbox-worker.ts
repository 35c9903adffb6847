import { parentPort, workerData } from 'node:worker_threads';
import { OperatorError } from '@keyfob/server';
import { startSandboxServer } from '../sandbox.ts';
import type { StartOptions, StartReport } from './start-sandbox.ts';

// What the thread of a sandbox runs: it reports its URL, or why it has none, and is terminated from outside.
const report = (message: StartReport): void => parentPort?.postMessage(message, []);

try {
  const { url } = await startSandboxServer(workerData as StartOptions);
  report({ url });
} catch (error) {
  if (!(error instanceof OperatorError)) throw error;
  const { code, message, remedy } = error;
  report({ code, detail: message, remedy });
}
