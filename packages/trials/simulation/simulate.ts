import type { Grant } from '@keyfob/server/grants';
import { createPrng } from '../support/prng.ts';
import type { Prng } from '../support/prng.ts';
import { CHECKERS } from './checkers.ts';
import { redeemHonestly } from './code-exchange.ts';
import { createWorld, START_MS } from './create-world.ts';
import { refreshHonestly } from './honest-client.ts';
import { openMemoryStore } from './memory-backend.ts';
import { causeMachineFaults } from './misfortune.ts';
import { consent, createGrant } from './new-grant.ts';
import { operate } from './operator.ts';
import { drawPlan } from './plan.ts';
import type { GrantPlan, Plan } from './plan.ts';
import type { ClientRecord, GrantRecord, Violation } from './records.ts';
import type { OpenStore } from './simulated-store.ts';
import { stealCode, misuseCode, stealToken, misuseToken } from './thief.ts';
import type { World } from './world.ts';

/** The result of one seed. */
export type Outcome = {
  readonly seed: number;
  readonly faults: readonly string[];
  readonly presentations: number;
  readonly grants: number;
  readonly violations: readonly Violation[];
};

/** Simulates one seed and checks it. `report` gets one line per step. */
export const simulate = async (
  seed: number,
  report?: (line: string) => void,
  openStore: OpenStore = openMemoryStore,
  draw: (prng: Prng) => Plan = drawPlan,
): Promise<Outcome> => {
  const plan = draw(createPrng(seed));
  const world = await createWorld(plan, seed, report, openStore);
  world.trace(() => `seed ${seed}, ${plan.nodes} nodes, faults: ${[...plan.faults].join(' ') || 'none'}`);
  for (const owner of world.clients) {
    for (const grantPlan of owner.plan.grants) {
      world.schedule.after(grantPlan.createdAfterMs, () => void simulateGrant(world, owner, grantPlan));
    }
  }
  void operate(world);
  void causeMachineFaults(world);
  await world.schedule.run(START_MS + plan.lengthMs);
  for (const { name, id } of world.grants) {
    const grant = await world.store.peek(id);
    world.trace(() => `${name} at the end: ${describeGrant(grant)}`);
  }
  for (const checker of CHECKERS) await checker(world);
  await world.store.close();
  return {
    seed,
    faults: [...plan.faults],
    presentations: world.presentations.length,
    grants: world.grants.length,
    violations: world.violations,
  };
};

const CONSENTS_MAX = 3;
const DAY_MS = 86_400_000;

/** Simulates one grant: its creation, its honest client and its thieves. */
const simulateGrant = async (world: World, owner: ClientRecord, plan: GrantPlan): Promise<void> => {
  if (plan.begins === 'by operator') {
    const grant = await createGrant(world, { owner, plan, name: plan.name });
    startThieves(world, grant);
    return refreshHonestly(world, grant);
  }
  for (let consents = 1; consents <= CONSENTS_MAX; consents++) {
    const name = consents === 1 ? plan.name : `${plan.name}${consents}`;
    const grant = await consent(world, { owner, plan, name });
    startThieves(world, grant);
    const { prng } = world;
    if (world.has('code-thief') && prng.chance(0.5)) void stealCode(world, grant);
    if (world.has('incomplete-code-thief') && prng.chance(0.7)) void misuseCode(world, grant);
    await redeemHonestly(world, grant);
    if (grant.wallet.saved !== undefined) return refreshHonestly(world, grant);
    // The client got no tokens and must ask the owner again.
    await world.schedule.sleep((prng.real() * DAY_MS) / 4);
  }
};

const startThieves = (world: World, grant: GrantRecord): void => {
  if (world.has('token-thief') && world.prng.chance(0.5)) void stealToken(world, grant);
  if (world.has('foreign-token-thief') && world.prng.chance(0.5)) void misuseToken(world, grant);
};

/** Describes the stored grant in words. */
const describeGrant = (grant: Grant | undefined): string => {
  if (grant === undefined) return 'it does not exist';
  const { generation, keyNumber, rotatedAtMs, rotatedBy, useDigest, revocation } = grant;
  const use = useDigest === undefined ? undefined : Buffer.from(useDigest).toString('hex');
  // Stores keep earlier rotation times in different forms, so only the newest is shown.
  const rotatedAt = rotatedAtMs.at(-1);
  return JSON.stringify({ generation, keyNumber, rotatedAt, rotatedBy, use, revocation });
};
