/** `@keyfob/sandbox/testing`: a sandbox in tests of node:test, vitest and jest, with its worlds and assertions. */
import { extname, join } from 'node:path';
import { createStartSandbox } from '../testing/start-sandbox.ts';

const { dirname, filename } = import.meta;

/**
 * Starts a sandbox in a thread of this process.
 *
 * @example
 * await using sandbox = await startSandbox();
 * await using world = await sandbox.world({ clock: '2026-01-01' });
 */
export const startSandbox = createStartSandbox(
  join(dirname, '..', 'testing', `sandbox-worker${extname(filename)}`),
);

export * from '../testing/index.ts';
