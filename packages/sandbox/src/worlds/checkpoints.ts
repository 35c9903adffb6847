import { SandboxError } from '../sandbox-error.ts';
import type { Checkpoint, World } from './world.ts';

export const CHECKPOINTS_MAX = 20;

/** Copies what the server of a world has stored. Throws `SandboxError` where there are too many. */
export const takeCheckpoint = ({ checkpoints, clock, store }: World): Checkpoint => {
  if (checkpoints.length >= CHECKPOINTS_MAX)
    throw new SandboxError(
      'too_many_checkpoints',
      `this world has ${CHECKPOINTS_MAX} checkpoints, which is the limit`,
      'Reset the world, or go on without.',
    );
  const taken = { number: checkpoints.length + 1, atMs: clock.now(), content: store.current().copyContent() };
  checkpoints.push(taken);
  return taken;
};

/** The server goes on from an earlier state, with the same keys: what its clients got since, it does not know. */
export const restoreCheckpoint = (world: World, { content }: Checkpoint): Promise<void> =>
  world.inTurn(() => world.store.restore(content));
