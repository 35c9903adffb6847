import { createClientSecret, digestSecret } from '@keyfob/server/clients';
import { SandboxError } from '../sandbox-error.ts';
import type { WorldClient } from './world-clients.ts';
import type { World } from './world.ts';

/**
 * Gives a client of a world a new secret. The earlier ones are valid for `overlapSeconds` more, or end at once. Throws
 * `SandboxError` for an unknown client.
 */
export const rollSecret = async (
  world: World,
  name: string,
  overlapSeconds: number,
): Promise<WorldClient> => {
  const known = world.clients.find(name);
  if (known === undefined)
    throw new SandboxError(
      'not_found',
      `there is no client ${name.slice(0, 40)}`,
      'GET the world to see its clients.',
    );
  const store = world.store.current();
  const { client } = await store.readClient(known.clientId);
  if (client?.type === 'public')
    throw new SandboxError(
      'input_invalid',
      `${name} has no secret: it is public`,
      'Roll that of another client.',
    );
  const createdAtMs = world.clock.serverNow();
  const endsAtMs = createdAtMs + overlapSeconds * 1000;
  const clientSecret = createClientSecret(world.secretRandomness);
  const id = world.secretRandomness.bytes(6).toString('hex');
  const secret = {
    id,
    name: `rolled ${id}`,
    digest: digestSecret(clientSecret),
    createdAtMs,
    expiresAtMs: undefined,
    lastUsedAtMs: undefined,
  };
  await store.addSecret(known.clientId, secret);
  for (const earlier of client?.secrets ?? []) {
    const { expiresAtMs = Infinity } = earlier;
    await store.removeSecret(known.clientId, earlier.id, { keepLast: true });
    if (overlapSeconds > 0)
      await store.addSecret(known.clientId, { ...earlier, expiresAtMs: Math.min(expiresAtMs, endsAtMs) });
  }
  world.clients.replaceSecret(name, clientSecret);
  return { ...known, clientSecret };
};
