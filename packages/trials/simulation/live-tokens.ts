import { rehearse } from './rehearsal.ts';
import type { Rehearsal } from './rehearsal.ts';
import type { GrantRecord } from './records.ts';
import type { World } from './world.ts';

const NEWEST = 10;
const OLDER = 5;

/**
 * At most one refresh token of a grant works, besides the repeats that the policy allows (RFC 9700 §4.14.2).
 *
 * Presents each token to a separate copy of the store, after every overlap has ended and without an `Idempotency-Key`.
 * Then only one place in the chain may work; with `until-used` also the place before it. Tokens that are newer than a
 * restored store do not count: each of them resynchronises the store (DESIGN §4).
 */
export const checkLiveTokens = async (world: World): Promise<void> => {
  const rehearsal = await rehearse(world);
  for (const grant of world.grants) {
    const live = await findLive(world, rehearsal, grant);
    const { rotation } = grant.owner.plan.policy;
    const most = rotation === 'until-used' ? 2 : 1;
    const areNeighbours = live.length < 2 || Math.abs((live[0] ?? 0) - (live[1] ?? 0)) === 1;
    if (live.length > most || !areNeighbours)
      world.violate('live', `${grant.name} has the live refresh tokens ${live.join(', ')} (${rotation})`);
    await rehearsal.reset();
  }
};

const findLive = async (world: World, rehearsal: Rehearsal, grant: GrantRecord): Promise<number[]> => {
  const tokens = [...grant.indexOf].sort(([, left], [, right]) => right - left);
  const older = tokens.slice(NEWEST);
  const tried = [
    ...tokens.slice(0, NEWEST),
    ...(older.length <= OLDER ? older : Array.from({ length: OLDER }, () => world.prng.pick(older))),
  ];
  const live = new Set<number>();
  for (const [token, place] of tried) {
    if (grant.epoch > 0 && place > grant.standing.current) continue;
    await rehearsal.reset();
    const { kind } = await rehearsal.present(grant, token);
    if (kind === 'granted') live.add(place);
    else if (kind !== 'dead') world.violate('live', `${grant.name}.${place} got ${kind} in the rehearsal`);
  }
  return [...live].sort((left, right) => left - right);
};
