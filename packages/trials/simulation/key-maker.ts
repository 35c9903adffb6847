import { hash } from 'node:crypto';
import { parseKeyRing } from '@keyfob/server/tokens';
import type { KeyRing } from '@keyfob/server/tokens';
import type { Prng } from '../support/prng.ts';

/** These keys are never rotated here. */
const OTHER_PURPOSES = ['sign', 'session', 'webhook'] as const;

/** Owns the key ring that all nodes read, and adds keys to it. */
export type KeyMaker = { ring(): KeyRing; lines(): readonly string[]; add(createdAt: number): void };

export const createKeyMaker = (prng: Prng): KeyMaker => {
  const lines = OTHER_PURPOSES.map(
    (purpose, index) => `${index + 1}:${purpose}:1:${hash('sha256', purpose, 'base64url')}`,
  );
  let ring: KeyRing | undefined;
  const add = (createdAt: number): void => {
    lines.push(`${lines.length + 1}:seal:${createdAt}:${prng.bytes(32).toString('base64url')}`);
    ring = parseKeyRing(lines.join('\n'));
  };
  add(1);
  return { ring: () => ring ?? parseKeyRing(lines.join('\n')), lines: () => lines, add };
};
