import type { ConsentedGrant } from './code-exchange.ts';
import { presentCode, presentToken } from './network.ts';
import { BRANDS } from './plan.ts';
import type { CodeFields, GrantRecord } from './records.ts';
import type { World } from './world.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;

/**
 * Copies a refresh token of the grant at a random time, either the newest on the client's disk or an older one, together
 * with the client's credentials. Refreshes with it as long as it works.
 */
export const stealToken = async (world: World, grant: GrantRecord): Promise<void> => {
  const { prng, schedule } = world;
  await schedule.sleep(prng.real() * world.plan.lengthMs * 0.8);
  const seen = [...grant.indexOf.keys()];
  const token = prng.chance(0.7) ? grant.wallet.saved : prng.pick(seen);
  if (token === undefined) return;
  world.trace(() => `a thief copies ${grant.name}.${grant.indexOf.get(token)}`);
  await refreshAsThief(world, grant, token);
};

const refreshAsThief = async (world: World, grant: GrantRecord, stolen: string): Promise<void> => {
  const { prng, schedule } = world;
  let token = stolen;
  grant.thiefToken = token;
  const actor = `thief of ${grant.name}`;
  let failures = 0;
  while (failures < 3) {
    await schedule.sleep(prng.pick([1000, 30_000, HOUR_MS, 6 * HOUR_MS]) * prng.real());
    const received = await presentToken(world, { actor, isHonest: false, grant, token });
    if (received.kind === 'granted') token = grant.thiefToken = received.refreshToken;
    else if (received.kind === 'dead') failures++;
  }
};

/** Copies a refresh token and presents it as another client or with another brand. */
export const misuseToken = async (world: World, grant: GrantRecord): Promise<void> => {
  const { prng, schedule } = world;
  const foreign = grant.plan.brand !== undefined && prng.chance(0.5) ? 'brand' : 'client';
  const actor = `thief of a token of ${grant.name}`;
  for (let left = prng.between(1, 12); left > 0; left--) {
    await schedule.sleep((prng.real() * world.plan.lengthMs) / 5);
    const seen = [...grant.indexOf.keys()];
    const token = prng.chance(0.5) ? grant.wallet.saved : prng.pick(seen);
    if (token !== undefined) await presentToken(world, { actor, isHonest: false, grant, token, foreign });
  }
};

/** Copies a code with its correct fields, uses it before or after its client, and may refresh the tokens. */
export const stealCode = async (world: World, grant: ConsentedGrant): Promise<void> => {
  const { prng, schedule } = world;
  const actor = `thief of the code of ${grant.name}`;
  for (let left = prng.between(1, 3); left > 0; left--) {
    await schedule.sleep(prng.pick([1000, MINUTE_MS, 12 * MINUTE_MS]) * prng.real());
    const key = prng.chance(0.5) ? prng.bytes(12).toString('hex') : undefined;
    const received = await presentCode(world, { actor, isHonest: false, grant, code: grant.code, key });
    if (received.kind === 'granted' && prng.chance(0.5))
      await refreshAsThief(world, grant, received.refreshToken);
  }
};

/** Copies a code and presents it with a missing or wrong field. */
export const misuseCode = async (world: World, grant: ConsentedGrant): Promise<void> => {
  const { prng, schedule } = world;
  const { code } = grant;
  const choices = wrongFields(world, grant);
  const actor = `thief with an incomplete request for ${grant.name}`;
  for (let left = prng.between(1, 4); left > 0; left--) {
    await schedule.sleep(prng.pick([1000, MINUTE_MS, 12 * MINUTE_MS]) * prng.real());
    await presentCode(world, { actor, isHonest: false, grant, code, fields: prng.pick(choices) });
  }
};

/** Every way in which one field of a code request can be missing or wrong. */
const wrongFields = (
  { outsiders }: World,
  { owner, plan, code }: ConsentedGrant,
): readonly Partial<CodeFields>[] => {
  const { redirectUri, verifier } = code;
  const other = outsiders[owner.plan.dialect];
  return [
    { redirectUri: `${redirectUri}/` },
    { redirectUri: 'https://thief.example/' },
    { client: other, secret: other.secret },
    ...(owner.plan.dialect === 'pleos'
      ? [{ brand: BRANDS.find((one) => one !== plan.brand) }]
      : [{ verifier: verifier === undefined ? 'x'.repeat(43) : undefined }]),
    ...(verifier === undefined ? [] : [{ verifier: verifier.toLowerCase() }]),
    ...(owner.secret === undefined ? [] : [{ secret: 'guessed' }]),
  ];
};
