import { randomBytes, randomUUID } from 'node:crypto';
import type { Randomness } from '@keyfob/server';

/** The machine's randomness, for tests that do not check ids. Imports no server module, so it loads quickly. */
export const testRandomness: Randomness = { bytes: randomBytes, uuid: randomUUID, fraction: Math.random };
