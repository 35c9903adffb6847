import { describe } from './ledger.ts';
import type { Decision, GrantRecord, RefreshPresentation } from './records.ts';
import type { World } from './world.ts';

type Decided = RefreshPresentation & { readonly decision: Decision };

/**
 * An honest client whose outages stay inside its policy never loses its grant (DESIGN §1, promise 1).
 *
 * Judged only from what was sent, when it reached the store, and what came back. A client is inside its policy as
 * long as every token it presents is the newest it ever presented, and is presented again only as the policy lets it:
 *
 * - `none`: always;
 * - `until-used`: always, however late, or within `untilUsedSeconds` of its first use where the policy has them;
 * - `overlap`: within `overlapSeconds` of its first use by the server's clock, even if its successor was used (DESIGN §5),
 *   unless that clock was far ahead at its first use, and its successor was used;
 * - every policy: with the `Idempotency-Key` of its first use; and at the node that answered 503 to its last use because
 *   the outcome of the commit was unknown, while that node lives (`grants/undecided-uses.ts`; after the node dies, the
 *   policy decides about the retry).
 *
 * Until the first presentation outside the policy, no token is reported as dead. The claim ends when the grant ends:
 * expired, revoked by the operator, lost by a restore that is older than the grant or than `resyncGenerations`,
 * or stolen.
 */
export const checkHonestClients = (world: World): void => {
  for (const grant of world.grants) {
    const decided = grant.presentations
      .filter(
        (one): one is Decided =>
          one.kind === 'refresh' && one.decision?.isClientEnabled === true && one.foreign === undefined,
      )
      .sort((a, b) => a.decision.order - b.decision.order);
    const dead = findWrongRefusal(world, grant, decided);
    if (dead !== undefined)
      world.violate('honest', `${describe(dead)} was refused although the client stayed inside its policy`);
  }
};

const findWrongRefusal = (
  world: World,
  grant: GrantRecord,
  decided: readonly Decided[],
): Decided | undefined => {
  const { rotation, refreshTokenLifetimeSeconds, grantLifetimeSeconds, resyncGenerations } =
    grant.owner.plan.policy;
  const { createdAtMs } = grant.standing;
  // No clock may cost a correct client its grant: where clocks jump far, lifetimes are counted by the true time.
  const isCheckedByTrueTime = world.has('clock-far-jumps');
  const slackMs = isCheckedByTrueTime ? CLOCK_SLACK_MS : 0;
  let newest = 0;
  let issuedAtMs = createdAtMs;
  let previouslyIssuedAtMs = issuedAtMs;
  const firstUses = new Map<number, number>();
  const before: Decided[] = [];
  for (const one of decided) {
    const { order, epoch, trueMs } = one.decision;
    const clockMs = isCheckedByTrueTime ? trueMs : one.decision.clockMs;
    if (!one.isHonest || order >= grant.endedAtDecision) return undefined;
    if (epoch > 0 && resyncGenerations < 1024) return undefined;
    // After the store was restored, an earlier token may be the current one again, with its own lifetime.
    const lifetimeStartMs = epoch > 0 ? Math.min(issuedAtMs, previouslyIssuedAtMs) : issuedAtMs;
    if (clockMs - lifetimeStartMs >= refreshTokenLifetimeSeconds * 1000 - slackMs) return undefined;
    if (grantLifetimeSeconds !== null && clockMs - createdAtMs >= grantLifetimeSeconds * 1000)
      return undefined;
    if (!isInsidePolicy(grant, one, before, { newest, firstUses })) return undefined;
    if (one.answer?.kind === 'dead') return one;
    const isFirst = before.every(({ index }) => index !== one.index);
    if (isFirst && rotation !== 'none') {
      // A restored store may have lost the moment before which this one cannot be.
      const atMs = epoch > 0 ? clockMs : Math.max(issuedAtMs, clockMs);
      [previouslyIssuedAtMs, issuedAtMs] = [issuedAtMs, atMs];
      firstUses.set(one.index, atMs);
    }
    newest = Math.max(newest, one.index);
    before.push(one);
  }
  return undefined;
};

/** A jump of five minutes may have settled, and a stop of a quarter of an hour is none. */
const CLOCK_SLACK_MS = 1_800_000;

/** How many rotations a row remembers (`docs/decisions/0006-verdict.md`). */
const REMEMBERED = 32;
/** A clock that is behind by no more than this counts as standing still. */
const STILL_MAX_MS = 900_000;

const isInsidePolicy = (
  grant: GrantRecord,
  one: Decided,
  before: readonly Decided[],
  { newest, firstUses }: { readonly newest: number; readonly firstUses: ReadonlyMap<number, number> },
): boolean => {
  const { rotation, overlapSeconds, untilUsedSeconds = Infinity } = grant.owner.plan.policy;
  if (rotation === 'none') return true;
  const isNewest = one.index >= newest;
  const first = before.find(({ index }) => index === one.index);
  if (first === undefined) return isNewest;
  // A restored store may not know the first uses of older tokens. Only the newest token does not depend on them.
  if (!isNewest && one.decision.epoch > 0) return false;
  // A clock that went backwards counts as stopped.
  const ageMs = one.decision.clockMs - (firstUses.get(one.index) ?? first.decision.clockMs);
  if (
    rotation === 'overlap' &&
    Math.max(0, ageMs) < overlapSeconds * 1000 &&
    (ageMs >= -STILL_MAX_MS || isNewest) &&
    newest - one.index < REMEMBERED
  )
    return true;
  if (!isNewest) return false;
  if (rotation === 'until-used' && Math.max(0, ageMs) < untilUsedSeconds * 1000) return true;
  if (one.key !== undefined && one.key === first.key) return true;
  return isRetryAfterOutage(one, refreshesOf(grant));
};

const refreshesOf = ({ presentations }: GrantRecord): readonly RefreshPresentation[] =>
  presentations.filter((one) => one.kind === 'refresh');

const isRetryAfterOutage = (one: Decided, all: readonly RefreshPresentation[]): boolean => {
  const others = all.filter(
    (other) => other !== one && other.index === one.index && other.foreign === undefined,
  );
  const last = others.findLast(
    ({ answeredAtMs = Infinity, decision, storeFailure }) =>
      answeredAtMs < (one.arrivedAtMs ?? 0) && (decision !== undefined || storeFailure === 'outcome_unknown'),
  );
  const together = [...others, one];
  const isAlone = together.every(({ arrivedAtMs = 0, answeredAtMs = Infinity }, at) =>
    together.every(
      (other, otherAt) =>
        otherAt === at ||
        (other.arrivedAtMs ?? 0) > answeredAtMs ||
        (other.answeredAtMs ?? Infinity) < arrivedAtMs,
    ),
  );
  const isSameProcess = last !== undefined && last.node === one.node && last.incarnation === one.incarnation;
  return isAlone && isSameProcess && last.storeFailure === 'outcome_unknown';
};
