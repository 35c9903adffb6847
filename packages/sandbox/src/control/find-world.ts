import { SandboxError } from '../sandbox-error.ts';
import type { World } from '../worlds/world.ts';
import type { ControlCall } from './control-route.ts';

/** The world that the path of a call names. Throws `SandboxError` `not_found`. */
export const findWorld = ({
  context,
  path,
}: Pick<ControlCall<unknown, unknown>, 'context' | 'path'>): World => {
  const id = path['world'] ?? '';
  const world = context.worlds.find(id);
  if (world !== undefined) return world;
  throw new SandboxError(
    'not_found',
    `there is no world ${id.slice(0, 40)}`,
    'GET /_sandbox/worlds lists them. One that nobody used for an hour is gone.',
  );
};
