import type { CodePresentation, ClientRecord, GrantRecord } from './records.ts';
import type { Backup as Content } from './simulated-store.ts';
import { newStanding } from './standing.ts';
import type { Standing } from './standing.ts';
import type { World } from './world.ts';

/** What the store knew about a grant and its code. */
type Known = {
  readonly standing: Standing;
  readonly isCodeThere: boolean;
  readonly firstUseOfCode: CodePresentation | undefined;
};

/** A copy of the store, with the state of the grants at that time. */
export type Backup = {
  readonly content: Content;
  readonly grants: ReadonlyMap<GrantRecord, Known>;
  readonly disabled: ReadonlySet<ClientRecord>;
  /** How many failovers had happened. */
  readonly failovers: number;
};

export const takeBackup = async (world: World): Promise<Backup> => {
  world.trace(() => 'the store is copied');
  return {
    content: await world.store.backUp(),
    grants: new Map(
      world.grants.map((grant) => [
        grant,
        {
          standing: grant.standing,
          isCodeThere: grant.code?.exists ?? false,
          firstUseOfCode: grant.code?.first,
        },
      ]),
    ),
    disabled: new Set(world.clients.filter(({ isDisabled }) => isDisabled)),
    failovers: world.failovers,
  };
};

/**
 * Replaces the content of the store with earlier content. A `restore` leaves every grant as it is that both contents have,
 * and the current codes; a `failover` to a copy that lags loses what came after it. A restore keeps only what it finds, so
 * a revoked grant that was pruned since becomes active again. Registered keys survive both.
 */
export const revertStore = async (
  world: World,
  backup: Backup,
  how: 'restore' | 'failover',
): Promise<void> => {
  world.trace(() => `the store returns to earlier content: ${how}`);
  if (how === 'restore') await backup.content.restore();
  else await backup.content.failOver();
  if (how === 'failover') world.failovers++;
  for (const grant of world.grants) revertGrant(world, grant, backup, how);
  for (const client of world.clients) {
    const isDisabled = how === 'restore' ? client.isDisabled : backup.disabled.has(client);
    if (isDisabled !== client.isDisabled)
      Object.assign(client, { isDisabled, changedAtMs: world.schedule.nowMs() });
  }
};

const revertGrant = (world: World, grant: GrantRecord, backup: Backup, how: 'restore' | 'failover'): void => {
  const known = backup.grants.get(grant);
  const before = known?.standing ?? { ...newStanding(0), exists: false };
  // Of two contents, the higher generation is the newer one. A revocation stays.
  if (how === 'restore' && before.exists && grant.standing.exists) {
    if (before.current > grant.standing.current)
      grant.standing = { ...before, isRevoked: grant.standing.isRevoked };
    return;
  }
  const isRevoked = before.exists && before.isRevoked;
  if (isRevoked || (grant.standing.exists && !before.exists)) markEnded(world, grant);
  grant.standing = { ...before, isRevoked };
  if (!isRevoked) grant.revokedSinceMs = undefined;
  if (how === 'failover') {
    grant.hasFailedOver = true;
    if (grant.code !== undefined) {
      grant.code.exists = known?.isCodeThere ?? false;
      grant.code.first = known?.firstUseOfCode;
    }
  }
  grant.epoch++;
  for (const place of grant.stringOf.keys())
    if (!before.exists || place > before.current) grant.stringOf.delete(place);
};

/** Records that the client may now find the grant dead without a mistake of its own. */
export const markEnded = (world: World, grant: GrantRecord): void => {
  grant.endedAtDecision = Math.min(grant.endedAtDecision, world.decisions);
};
