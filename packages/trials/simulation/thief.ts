import { present } from './network.ts';
import type { GrantRecord, World } from './world.ts';

const HOUR_MS = 3_600_000;

/**
 * Copies a refresh token of the grant at a random moment, the newest on the client's disk or an older one, together with
 * the client's credentials, and refreshes with it for as long as it works.
 */
export const steal = async (world: World, grant: GrantRecord): Promise<void> => {
  const { prng, schedule } = world;
  await schedule.sleep(prng.real() * world.plan.lengthMs * 0.8);
  const seen = [...grant.indexOf.keys()];
  let token = prng.chance(0.7) ? grant.wallet.saved : prng.pick(seen);
  grant.isStolen = true;
  grant.thiefToken = token;
  const actor = `thief of ${grant.plan.name}`;
  world.trace(() => `${actor} copies ${grant.plan.name}.${grant.indexOf.get(token)}`);
  let failures = 0;
  while (failures < 3) {
    await schedule.sleep(prng.pick([1000, 30_000, HOUR_MS, 6 * HOUR_MS]) * prng.real());
    const heard = await present(world, { actor, isHonest: false, grant, token });
    if (heard.kind === 'granted') token = grant.thiefToken = heard.refreshToken;
    else if (heard.kind === 'dead') failures++;
  }
};

/** Copies a refresh token, but has not what goes with it: presents it as another client, or under another brand. */
export const stealWithoutCredentials = async (world: World, grant: GrantRecord): Promise<void> => {
  const { prng, schedule } = world;
  const foreign = grant.plan.brand !== undefined && prng.chance(0.5) ? 'brand' : 'client';
  for (let left = prng.between(1, 12); left > 0; left--) {
    await schedule.sleep((prng.real() * world.plan.lengthMs) / 5);
    const seen = [...grant.indexOf.keys()];
    const token = prng.chance(0.5) ? grant.wallet.saved : prng.pick(seen);
    await present(world, { actor: `stranger to ${grant.plan.name}`, isHonest: false, grant, token, foreign });
  }
};
