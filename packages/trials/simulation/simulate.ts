import { CHECKERS } from './checkers.ts';
import { beHonest } from './honest-client.ts';
import { keepInMemory } from './memory-backend.ts';
import { misfortune, operate } from './operator.ts';
import { drawPlan } from './plan.ts';
import type { GrantPlan } from './plan.ts';
import { createPrng } from '../support/prng.ts';
import type { Keep } from './simulated-store.ts';
import { steal, stealWithoutCredentials } from './thief.ts';
import { createGrant, describeGrant, createWorld, openWorld, START_MS } from './world.ts';
import type { ClientRecord, Violation, World } from './world.ts';

/** What came of one seed. */
export type Outcome = {
  readonly seed: number;
  readonly faults: readonly string[];
  readonly presentations: number;
  readonly grants: number;
  readonly violations: readonly Violation[];
};

/** Lives one seed from beginning to end and checks it. `tell` gets every step, one line each; `keep` makes the store. */
export const simulate = async (
  seed: number,
  tell?: (line: string) => void,
  keep: Keep = keepInMemory,
): Promise<Outcome> => {
  const plan = drawPlan(createPrng(seed));
  const world = await createWorld(plan, seed, tell, keep);
  world.trace(() => `seed ${seed}, ${plan.nodes} nodes, faults: ${[...plan.faults].join(' ') || 'none'}`);
  await openWorld(world);
  for (const owner of world.clients) {
    for (const grantPlan of owner.plan.grants) {
      world.schedule.after(grantPlan.createdAfterMs, () => void consent(world, owner, grantPlan));
    }
  }
  void operate(world);
  void misfortune(world);
  await world.schedule.run(START_MS + plan.lengthMs);
  await check(world);
  await world.store.close();
  return {
    seed,
    faults: [...plan.faults],
    presentations: world.presentations.length,
    grants: world.grants.length,
    violations: world.violations,
  };
};

/** An owner allows a client something, and everybody goes to work who is after the grant. */
const consent = async (world: World, owner: ClientRecord, plan: GrantPlan): Promise<void> => {
  const grant = await createGrant(world, owner, plan);
  beHonest(world, grant);
  if (world.has('thief') && world.prng.chance(0.5)) void steal(world, grant);
  if (world.has('foreign-thief') && world.prng.chance(0.5)) void stealWithoutCredentials(world, grant);
};

const check = async (world: World): Promise<void> => {
  for (const { plan, id } of world.grants) {
    const grant = await world.store.look(id);
    world.trace(() => `${plan.name} in the end: ${describeGrant(grant)}`);
  }
  for (const checker of CHECKERS) await checker(world);
};
