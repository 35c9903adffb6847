import type { Grant } from '@keyfob/server/grants';
import { describe } from './ledger.ts';
import type { CodePresentation, CodeRecord, GrantRecord } from './records.ts';
import type { World } from './world.ts';

const EXPIRED = 'its ten minutes are over';

/** What is checked of every code when the time of a world is over, from nothing but what was sent and answered. */
export const checkCodes = async (world: World): Promise<void> => {
  for (const grant of world.grants) {
    if (grant.code === undefined) continue;
    const uses = grant.presentations
      .filter((one): one is CodePresentation => one.kind === 'code')
      .filter((use) => isOwnUse(use, grant.code))
      .toSorted((a, b) => (a.decision?.order ?? 0) - (b.decision?.order ?? 0));
    const row = await world.store.peek(grant.id);
    checkOwner(world, grant, uses);
    checkTheft(world, grant, uses, row);
  }
};

/** Decided, from its own client with all that belongs to the code. */
const isOwnUse = ({ decision, fields, grant }: CodePresentation, code: CodeRecord | undefined): boolean =>
  decision !== undefined &&
  fields.client === grant.owner &&
  fields.redirectUri === code?.redirectUri &&
  fields.verifier === code.verifier &&
  fields.brand === grant.plan.brand;

/**
 * A client that always sends the key of its first use never loses a grant by its code, whatever strangers, outages,
 * crashes and operators do; and until it has its first refresh token, the code is not dead to it before its end.
 */
const checkOwner = (world: World, grant: GrantRecord, uses: readonly CodePresentation[]): void => {
  if (grant.owner.plan.keys !== 'saved' || uses.some(({ isHonest }) => !isHonest)) return;
  const firstRefresh = grant.presentations.find(({ kind }) => kind === 'refresh');
  for (const use of uses) {
    const { decision, answer, answeredAtMs = Infinity } = use;
    if (decision === undefined) continue;
    const isEnded = decision.order >= grant.endedAtDecision || decision.epoch > 0;
    // From its first refresh on, the client has what the code gives.
    const isRefreshed = (firstRefresh?.arrivedAtMs ?? Infinity) <= answeredAtMs;
    if (isEnded || isRefreshed || decision.expectation.because === EXPIRED) return;
    if (answer?.kind === 'dead')
      world.violate('owner', `${describe(use)} was refused, though the client kept to its key`);
  }
};

/** A thief and an owner who both used a code while it was alive end in the revocation of what it gave (RFC 6749 §4.1.2). */
const checkTheft = (
  world: World,
  grant: GrantRecord,
  uses: readonly CodePresentation[],
  row: Grant | undefined,
): void => {
  const inTime = uses.filter(
    ({ decision }) => decision?.isClientEnabled === true && decision.expectation.because !== EXPIRED,
  );
  const hasBoth = inTime.some(({ isHonest }) => isHonest) && inTime.some(({ isHonest }) => !isHonest);
  const isOpen = inTime.some(
    ({ decision }) =>
      decision?.expectation.revokes === 'maybe' || decision?.expectation.because.includes('503') === true,
  );
  if (!hasBoth || isOpen || grant.epoch > 0 || grant.isReinstated || row === undefined) return;
  if (row.revocation === undefined)
    world.violate('theft', `the code of ${grant.name} was used by owner and thief, and its grant is good`);
};
