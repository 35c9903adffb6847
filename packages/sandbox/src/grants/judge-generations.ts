import type { World } from '../worlds/world.ts';
import { tokenOfGeneration } from './change-grant.ts';
import type { FoundGrant } from './change-grant.ts';
import { judgeHeld } from './holds.ts';
import type { Holds } from './holds.ts';

/** What presenting one refresh token of a grant would cause. */
export type JudgedGeneration = {
  /** As the journal has it, such as `g1/3`. */
  readonly token: string;
  readonly holds: Holds;
};

const LISTED_MAX = 50;

/** Judges the refresh tokens of a grant, from the current one back to the first. `more` counts older ones that are left out. */
export const judgeGenerations = async (
  world: World,
  found: FoundGrant,
): Promise<{ readonly judged: readonly JudgedGeneration[]; readonly more: number }> => {
  const { name, grant } = found;
  const count = Math.min(grant.generation + 1, LISTED_MAX);
  const generations = Array.from({ length: count }, (_, index) => grant.generation - index);
  const judged = await Promise.all(
    generations.map(async (generation) => ({
      token: `${name}/${generation}`,
      holds: await judgeHeld(world, tokenOfGeneration(world, found, generation)),
    })),
  );
  return { judged, more: grant.generation + 1 - count };
};
