import { newWorld } from '../../worlds/new-world.ts';
import { SandboxError } from '../../sandbox-error.ts';
import { defineRoute } from '../control-route.ts';
import type { ControlRoute } from '../control-route.ts';
import { findWorld } from '../find-world.ts';
import {
  checkpointListShape,
  checkpointShape,
  environmentShape,
  worldListShape,
  worldShape,
} from '../shapes.ts';
import { iso, showWorld } from '../show.ts';
import { environmentsOf } from '../../worlds/environment.ts';
import { restoreCheckpoint, takeCheckpoint } from '../../worlds/checkpoints.ts';
import { DEFAULT_WORLD } from '../../worlds/worlds.ts';

const tag = 'worlds';

export const worldRoutes: readonly ControlRoute[] = [
  defineRoute({
    method: 'POST',
    path: '/worlds',
    tag,
    summary: 'Create a world: an issuer with its own clock, keys, clients, grants, faults and journal',
    body: newWorld,
    status: 201,
    answer: worldShape,
    handle: async ({ context, body, origin }) => showWorld(await context.worlds.create(body, origin)),
  }),
  defineRoute({
    method: 'GET',
    path: '/worlds',
    tag,
    summary: 'List the worlds',
    status: 200,
    answer: worldListShape,
    handle: ({ context }) => ({
      worlds: context.worlds.list().map(({ id, url, clock, grants }) => ({
        id,
        url,
        now: iso(clock.now()),
        grants: grants.list().length,
      })),
    }),
  }),
  defineRoute({
    method: 'GET',
    path: '/worlds/{world}',
    tag,
    summary: 'Read a world, with the credentials of its clients',
    status: 200,
    answer: worldShape,
    handle: (call) => showWorld(findWorld(call)),
  }),
  defineRoute({
    method: 'DELETE',
    path: '/worlds/{world}',
    tag,
    summary: 'Remove a world',
    status: 204,
    handle: async (call) => {
      const { id } = findWorld(call);
      if (id === DEFAULT_WORLD)
        throw new SandboxError('world_state', 'the default world stays', 'Reset it instead.');
      await call.context.worlds.remove(id);
    },
  }),
  defineRoute({
    method: 'POST',
    path: '/worlds/{world}/reset',
    tag,
    summary: 'Put a world back to how it was created, clock, faults and journal included',
    status: 200,
    answer: worldShape,
    handle: async (call) => {
      const world = findWorld(call);
      return showWorld((await call.context.worlds.reset(world.id)) ?? findWorld(call));
    },
  }),
  defineRoute({
    method: 'GET',
    path: '/worlds/{world}/environment',
    tag,
    summary: 'Read the environment variables that each known SDK wants',
    status: 200,
    answer: environmentShape,
    handle: (call) => {
      const { url, clients } = findWorld(call);
      return environmentsOf(url, clients.find);
    },
  }),
  defineRoute({
    method: 'POST',
    path: '/worlds/{world}/checkpoints',
    tag,
    summary: "Copy the state of the world's server",
    status: 201,
    answer: checkpointShape,
    handle: (call) => {
      const { number, atMs } = takeCheckpoint(findWorld(call));
      return { checkpoint: number, at: iso(atMs) };
    },
  }),
  defineRoute({
    method: 'GET',
    path: '/worlds/{world}/checkpoints',
    tag,
    summary: 'List the copies',
    status: 200,
    answer: checkpointListShape,
    handle: (call) => ({
      checkpoints: findWorld(call).checkpoints.map(({ number, atMs }) => ({
        checkpoint: number,
        at: iso(atMs),
      })),
    }),
  }),
  defineRoute({
    method: 'POST',
    path: '/worlds/{world}/checkpoints/{checkpoint}/restore',
    tag,
    summary:
      'Put the state of the server back, as a restored backup or an old replica has it; the clock goes on',
    status: 200,
    answer: checkpointShape,
    handle: async (call) => {
      const world = findWorld(call);
      const found = world.checkpoints.find(({ number }) => String(number) === call.path['checkpoint']);
      if (found === undefined)
        throw new SandboxError('not_found', 'there is no such checkpoint', 'GET …/checkpoints lists them.');
      await restoreCheckpoint(world, found);
      return { checkpoint: found.number, at: iso(found.atMs) };
    },
  }),
];
