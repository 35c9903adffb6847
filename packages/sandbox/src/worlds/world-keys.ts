import type { KeySource } from '@keyfob/server/stores';
import { KEY_PURPOSES } from '@keyfob/server/tokens';
import { digestOf } from './seeded-randomness.ts';

/** From 1970, so that every clock of a world finds them in force. */
const CREATED_AT = 1;

/** RS256 needs an RSA key, which no seed gives. */
const DERIVED_PURPOSES = KEY_PURPOSES.filter((purpose) => purpose !== 'sign-rs256');

/** The key ring of a world, from its seed. No token of it opens under the keys of a server outside the sandbox. */
export const createWorldKeys = (seed: string): KeySource => {
  const lines = DERIVED_PURPOSES.map((purpose, index) => {
    const key = digestOf(seed, `key ${purpose}`).toString('base64url');
    return `${index + 1}:${purpose}:${CREATED_AT}:${key}`;
  });
  return { name: 'the seed of the world', read: () => lines.join('\n') };
};
