import type { CodePresentation, ClientRecord, GrantRecord } from './records.ts';
import type { Backup as Content } from './simulated-store.ts';
import { newStanding } from './standing.ts';
import type { Standing } from './standing.ts';
import type { World } from './world.ts';

/** What the store knew of a grant and its code. */
type Known = {
  readonly standing: Standing;
  readonly isCodeThere: boolean;
  readonly firstUseOfCode: CodePresentation | undefined;
};

/** A copy of the store, and what was true when it was made. */
export type Backup = {
  readonly content: Content;
  readonly grants: ReadonlyMap<GrantRecord, Known>;
  readonly disabled: ReadonlySet<ClientRecord>;
  /** How many failovers had happened. */
  readonly failovers: number;
};

export const takeBackup = async (world: World): Promise<Backup> => {
  world.trace(() => 'a copy of the store is made');
  return {
    content: await world.store.backUp(),
    grants: new Map(
      world.grants.map((grant) => [
        grant,
        {
          standing: grant.standing,
          isCodeThere: grant.code?.isThere ?? false,
          firstUseOfCode: grant.code?.first,
        },
      ]),
    ),
    disabled: new Set(world.clients.filter(({ isDisabled }) => isDisabled)),
    failovers: world.failovers,
  };
};

/**
 * Replaces the content of the store with an earlier one. With `restore` what ended since stays ended, and codes are those
 * of now; a `failover` to a copy that lags forgets both. A restore can carry over only the revocations it finds, so it
 * brings back a revoked grant that was pruned since. Registered keys survive both.
 */
export const goBack = async (world: World, backup: Backup, how: 'restore' | 'failover'): Promise<void> => {
  world.trace(() => `the store goes back to an earlier content: ${how}`);
  if (how === 'restore') await backup.content.restore();
  else await backup.content.failOver();
  if (how === 'failover') world.failovers++;
  for (const grant of world.grants) takeBack(world, grant, backup, how);
  for (const client of world.clients) {
    const isDisabled = how === 'restore' ? client.isDisabled : backup.disabled.has(client);
    if (isDisabled !== client.isDisabled)
      Object.assign(client, { isDisabled, changedAtMs: world.schedule.nowMs() });
  }
};

const takeBack = (world: World, grant: GrantRecord, backup: Backup, how: 'restore' | 'failover'): void => {
  const known = backup.grants.get(grant);
  const before = known?.standing ?? { ...newStanding(0), isThere: false };
  const isStandingKept = how === 'restore' && grant.standing.isThere;
  const isRevoked = before.isThere && (isStandingKept ? grant.standing.isRevoked : before.isRevoked);
  if (isRevoked || (grant.standing.isThere && !before.isThere)) markEnded(world, grant);
  grant.standing = { ...before, isRevoked };
  if (!isRevoked) grant.revokedSinceMs = undefined;
  if (how === 'failover') {
    grant.hasFailedOver = true;
    if (grant.code !== undefined) {
      grant.code.isThere = known?.isCodeThere ?? false;
      grant.code.first = known?.firstUseOfCode;
    }
  }
  grant.epoch++;
  for (const place of grant.stringOf.keys())
    if (!before.isThere || place > before.current) grant.stringOf.delete(place);
};

/** From now on the client may find the grant dead although it did nothing wrong. */
export const markEnded = (world: World, grant: GrantRecord): void => {
  grant.endedAtDecision = Math.min(grant.endedAtDecision, world.decisions);
};
