import { PAST_EVERY_OVERLAP_SECONDS, rehearse } from './rehearsal.ts';
import type { Rehearsal } from './rehearsal.ts';
import type { GrantRecord } from './records.ts';
import type { World } from './world.ts';

const ROUNDS = 3;
/** With `until-used`, a replay becomes visible one generation later than a lost answer, so each side refreshes three times. */
const REFRESHES = 3;

/**
 * If a thief and an owner both present tokens of one grant, the policy `revoke` revokes the grant
 * (RFC 9700 §4.14.2: "the refresh token is revoked ... the attacker or the legitimate client").
 *
 * Simulated on a copy of the store: owner and thief, each with their newest token, refresh in turns, with more than any
 * overlap in between. The second of them presents a used token, and the grant is revoked for both.
 */
export const checkThefts = async (world: World): Promise<void> => {
  const rehearsal = await rehearse(world);
  for (const grant of world.grants) {
    const { onReplay, rotation, grantLifetimeSeconds } = grant.owner.plan.policy;
    if (grant.thiefToken === undefined || onReplay !== 'revoke' || rotation === 'none') continue;
    // A restored store may have lost the evidence, and a grant with a limited lifetime ends for both.
    if (grant.epoch > 0 || grantLifetimeSeconds !== null) continue;
    if (grant.wallet.saved === undefined) continue;
    await rehearsal.reset();
    await refreshInTurns(world, rehearsal, grant, [grant.wallet.saved, grant.thiefToken]);
  }
};

const refreshInTurns = async (
  world: World,
  rehearsal: Rehearsal,
  grant: GrantRecord,
  tokens: readonly [string, string],
): Promise<void> => {
  const held = [...tokens];
  let granted = 0;
  for (let turn = 0; turn < 2 * ROUNDS; turn++) {
    for (let left = REFRESHES; left > 0; left--) {
      const answer = await rehearsal.present(grant, held[turn % 2] ?? '');
      rehearsal.advanceSeconds(PAST_EVERY_OVERLAP_SECONDS);
      if (answer.kind !== 'granted') break;
      granted++;
      held[turn % 2] = answer.refreshToken;
    }
  }
  if (granted > 0 && (await rehearsal.isRevoked(grant)) === false)
    world.violate('theft', `${grant.name} is still active after ${granted} refreshes by owner and thief`);
};
