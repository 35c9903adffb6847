import type { World } from './world.ts';

/** How many characters of a secret are searched for: few enough to find a prefix, too many to occur by chance. */
const PART = 12;
/** The same in hexadecimal, which has two digits for each: half as many occur by chance, in the ids of requests. */
const HEX_PART = 2 * PART;

/**
 * The store's bytes and the log contain no secret (DESIGN §4, §7): no refresh token, access token, client secret or
 * master key, and not the first or last `PART` characters of one, as text or as hexadecimal.
 */
export const checkSecrets = async (world: World): Promise<void> => {
  const parts = new Set<string>();
  const masters = world.keys.lines().map((line) => line.slice(line.lastIndexOf(':') + 1));
  for (const secret of [...world.secrets, ...masters]) {
    for (const form of [secret, secret.replaceAll('-', '')])
      parts.add(form.slice(0, PART)).add(form.slice(-PART));
    const hex = Buffer.from(secret).toString('hex');
    parts.add(hex.slice(0, HEX_PART)).add(hex.slice(-HEX_PART));
  }
  for (const master of masters) parts.add(Buffer.from(master, 'base64url').toString('hex').slice(0, PART));
  searchIn(world, 'the log', world.log, parts);
  const { content } = await world.store.backUp();
  searchIn(world, 'the store', content, parts);
};

const searchIn = (world: World, where: string, value: unknown, parts: ReadonlySet<string>): void => {
  for (const text of textsOf(value, new Set<string>())) {
    for (let at = 0; at + PART <= text.length; at++) {
      if (!parts.has(text.slice(at, at + PART)) && !parts.has(text.slice(at, at + HEX_PART))) continue;
      world.violate('secret', `${where} contains a part of a secret in a text of ${text.length} characters`);
      return;
    }
  }
};

/** Every distinct text in a value. Bytes and big integers become hexadecimal. */
const textsOf = (value: unknown, found: Set<string>): Set<string> => {
  if (typeof value === 'string') found.add(value);
  else if (typeof value === 'bigint') found.add(BigInt.asUintN(64, value).toString(16));
  else if (value instanceof Uint8Array) found.add(Buffer.from(value).toString('hex'));
  else if (Array.isArray(value) || value instanceof Map || value instanceof Set)
    for (const item of value) textsOf(item, found);
  else if (typeof value === 'object' && value !== null) {
    for (const [name, item] of Object.entries(value)) {
      found.add(name);
      textsOf(item, found);
    }
  }
  return found;
};
