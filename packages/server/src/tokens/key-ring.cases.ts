/** What the tests of keys share. */
import { parseKeyRing } from './key-ring.ts';
import type { KeyRing } from './key-ring.ts';
import { REQUIRED_PURPOSES } from './key-state.ts';

/** A ring of these lines, and of a key with a high number for each purpose that they lack. */
export const ringOf = (...lines: readonly string[]): KeyRing => {
  const others = REQUIRED_PURPOSES.filter((purpose) => !lines.some((line) => line.includes(`:${purpose}:`)));
  const letters = { seal: 'W', sign: 'X', session: 'Y', webhook: 'Z' } as const;
  const otherLines = others.map(
    (purpose, index) => `${900 + index}:${purpose}:0:${letters[purpose].repeat(42)}A`,
  );
  return parseKeyRing([...lines, ...otherLines].join('\n'));
};
