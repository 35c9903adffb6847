import { randomBytes, randomUUID } from 'node:crypto';
import type { Randomness } from '@keyfob/server';

/** The machine's randomness, for tests that do not look at ids. Needs no module of the server, so that it loads quickly. */
export const testRandomness: Randomness = { bytes: randomBytes, uuid: randomUUID, fraction: Math.random };
