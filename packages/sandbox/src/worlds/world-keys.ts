import type { KeySource } from '@keyfob/server/stores';
import { createKeyLine, KEY_PURPOSES } from '@keyfob/server/tokens';
import { digestOf } from './seeded-randomness.ts';
import type { WorldDefinition } from './new-world.ts';

/** From 1970, so that every clock of a world finds them in force. */
const CREATED_AT = 1;

const RSA = 'sign-rs256';
const DERIVED_PURPOSES = KEY_PURPOSES.filter((purpose) => purpose !== RSA);

/**
 * The key ring of a world, from its seed. No token of it opens under the keys of a server outside the sandbox. No seed gives
 * an RSA key: the worlds that need one share that of the process.
 */
export const createWorldKeys = (seed: string, definition: WorldDefinition): KeySource => {
  const lines = DERIVED_PURPOSES.map((purpose, index) => {
    const key = digestOf(seed, `key ${purpose}`).toString('base64url');
    return `${index + 1}:${purpose}:${CREATED_AT}:${key}`;
  });
  if (needsRsa(definition))
    lines.push((rsaLine ??= createKeyLine(DERIVED_PURPOSES.length + 1, RSA, CREATED_AT)));
  return { name: 'the seed of the world', read: () => lines.join('\n') };
};

/** Making one takes longer than all the rest of a world. */
let rsaLine: string | undefined;

const needsRsa = ({ policies = {}, clients = {} }: WorldDefinition): boolean =>
  [...Object.values(policies), ...Object.values(clients).map(({ policy = {} }) => policy)].some(
    ({ accessTokenAlgorithm }) => accessTokenAlgorithm === 'RS256',
  );
