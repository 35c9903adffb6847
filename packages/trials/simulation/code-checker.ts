import type { Grant } from '@keyfob/server/grants';
import { ENDED, RELOADED } from './code-expectation.ts';
import { describe } from './ledger.ts';
import type { CodePresentation, CodeRecord, GrantRecord } from './records.ts';
import type { World } from './world.ts';

const EXPIRED = 'the code has expired';

/** Checks every code at the end of a simulation, using only what was sent and answered. */
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

/** Whether the store decided about the use, and the code came from its own client with every correct field. */
const isOwnUse = ({ decision, fields, grant }: CodePresentation, code: CodeRecord | undefined): boolean =>
  decision !== undefined &&
  fields.client === grant.owner &&
  fields.redirectUri === code?.redirectUri &&
  fields.verifier === code.verifier &&
  fields.brand === grant.plan.brand;

/**
 * A client that always sends the key of its first use never loses a grant through its code, even with thieves, outages,
 * crashes and operators. Until the client has its first refresh token, its code is not reported as dead before it expires.
 */
const checkOwner = (world: World, grant: GrantRecord, uses: readonly CodePresentation[]): void => {
  if (grant.owner.plan.keys !== 'saved' || uses.some(({ isHonest }) => !isHonest)) return;
  const firstRefresh = grant.presentations.find(({ kind }) => kind === 'refresh');
  for (const use of uses) {
    const { decision, answer, answeredAtMs = Infinity } = use;
    if (decision === undefined) continue;
    const isEnded = decision.order >= grant.endedAtDecision || decision.epoch > 0;
    // The client has its tokens once it sends its first refresh.
    const isRefreshed = (firstRefresh?.arrivedAtMs ?? Infinity) <= answeredAtMs;
    const { because } = decision.expectation;
    if (isEnded || isRefreshed || because === EXPIRED || because === ENDED) return;
    if (answer?.kind === 'dead')
      world.violate('owner', `${describe(use)} was refused although the client sent its saved key`);
  }
};

/**
 * If both the thief and the owner's client used a code before it expired, its grant is revoked (RFC 6749 §4.1.2). A use
 * within ten seconds of the first with everything correct is not told from a reloaded page.
 */
const checkTheft = (
  world: World,
  grant: GrantRecord,
  uses: readonly CodePresentation[],
  row: Grant | undefined,
): void => {
  const inTime = uses.filter(
    ({ decision }) =>
      decision?.isClientEnabled === true &&
      decision.expectation.because !== EXPIRED &&
      decision.expectation.because !== RELOADED,
  );
  const hasBoth = inTime.some(({ isHonest }) => isHonest) && inTime.some(({ isHonest }) => !isHonest);
  const isOpen = inTime.some(
    ({ decision }) =>
      decision?.expectation.revokes === 'maybe' || decision?.expectation.because.includes('503') === true,
  );
  if (!hasBoth || isOpen || grant.epoch > 0 || grant.isReinstated || row === undefined) return;
  if (row.revocation === undefined)
    world.violate(
      'theft',
      `the code of ${grant.name} was used by owner and thief, but its grant is still active`,
    );
};
