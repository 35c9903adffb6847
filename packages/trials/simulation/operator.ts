import { StoreError } from '@keyfob/server/errors';
import type { Store } from '@keyfob/server/stores';
import { registrationOf } from '@keyfob/server/tokens';
import type { RunVerb } from '../support/memory-store/tables.ts';
import { nextRequest, pause } from './pace.ts';
import type { Fault } from './plan.ts';
import type { ClientRecord, GrantRecord } from './records.ts';
import { revertStore, markEnded, takeBackup } from './store-history.ts';
import type { Backup } from './store-history.ts';
import type { World } from './world.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

/** Calls the store as an operator's command does, and repeats the call until the outcome is known. */
const callStore = async <Result>(
  world: World,
  verb: (store: Store) => Promise<Result>,
  applied: (result: Result) => void | Promise<void>,
): Promise<Result> => {
  const { prng, schedule } = world;
  const run: RunVerb = async (_verb, work) => {
    await schedule.sleep(prng.between(0, 6));
    if (world.isStoreUnavailable) throw new StoreError('unavailable', 'the simulated store is unavailable');
    const result = await work();
    await applied(result as never);
    if (world.has('commit-answers-lost') && prng.chance(0.1))
      throw new StoreError('outcome_unknown', 'the simulated store lost its answer');
    return result;
  };
  for (;;) {
    const store = world.store.through(run);
    try {
      return await verb(store);
    } catch (error) {
      if (!(error instanceof StoreError)) throw error;
      await schedule.sleep(prng.between(1000, MINUTE_MS));
    } finally {
      void store.close();
    }
  }
};

const revoke = async (world: World, grant: GrantRecord): Promise<void> => {
  const nowMs = world.schedule.nowMs();
  world.trace(() => `the operator revokes ${grant.name}`);
  const answer = await callStore(
    world,
    (store) => store.revoke(grant.id, { nowMs, cause: 'operator' }),
    (result) => {
      if (result === 'unknown') return;
      grant.standing = { ...grant.standing, isRevoked: true };
      markEnded(world, grant);
    },
  );
  if (answer !== 'unknown') grant.revokedSinceMs = world.schedule.nowMs();
};

const reinstate = async (world: World, grant: GrantRecord): Promise<void> => {
  world.trace(() => `the operator reinstates ${grant.name}`);
  grant.revokedSinceMs = undefined;
  await callStore(
    world,
    (store) => store.reinstate(grant.id, { nowMs: world.schedule.nowMs() }),
    (result) => {
      if (result === 'unknown') return;
      grant.standing = { ...grant.standing, isRevoked: false };
      if (result === 'reinstated') grant.isReinstated = true;
    },
  );
};

const disable = async (world: World, owner: ClientRecord): Promise<void> => {
  const { prng, schedule } = world;
  const setTo = async (isDisabled: boolean): Promise<void> => {
    world.trace(() => `the operator ${isDisabled ? 'disables' : 'enables'} ${owner.plan.name}`);
    const disabledAtMs = isDisabled ? schedule.nowMs() : null;
    await callStore(
      world,
      (store) => store.changeClient(owner.client.id, { disabledAtMs }),
      (result) => {
        if (result !== 'changed') throw new Error(`${owner.plan.name} was not changed`);
        Object.assign(owner, { isDisabled, changedAtMs: schedule.nowMs() });
      },
    );
  };
  // In half of the cases, between the authentication of a request and the decision about its token.
  if (prng.chance(0.5)) await nextRequest(world, owner);
  await setTo(true);
  await schedule.sleep(prng.between(MINUTE_MS, 3 * HOUR_MS));
  await setTo(false);
};

/** Claims: `prune` removes only grants that have ended. */
const prune = async (world: World): Promise<void> => {
  const { prng, schedule } = world;
  const endedBeforeMs = schedule.nowMs() - prng.between(0, 24) * HOUR_MS;
  world.trace(() => 'the operator prunes');
  await callStore(
    world,
    (store) => store.prune({ limit: 1000, endedBeforeMs }),
    async () => {
      for (const grant of world.grants) {
        if (!grant.standing.exists || (await world.store.peek(grant.id)) !== undefined) continue;
        const { grantLifetimeSeconds, refreshTokenLifetimeSeconds } = grant.owner.plan.policy;
        const endsAtMs = Math.min(
          grant.standing.issuedAtMs + refreshTokenLifetimeSeconds * 1000,
          grantLifetimeSeconds === null ? Infinity : grant.standing.createdAtMs + grantLifetimeSeconds * 1000,
        );
        if (!grant.standing.isRevoked && endsAtMs >= endedBeforeMs)
          world.violate('prune', `${grant.name} was removed although it had not ended`);
        grant.standing = { ...grant.standing, exists: false };
        markEnded(world, grant);
      }
    },
  );
};

/** A key ring holds at most 64 keys. */
const KEYS_MAX = 60;

const rotateKeys = async (world: World): Promise<void> => {
  if (world.keys.lines().length === KEYS_MAX) return;
  const createdAt = Math.floor(world.schedule.nowMs() / 1000);
  world.trace(() => 'the operator adds a key');
  world.keys.add(createdAt);
  await callStore(
    world,
    (store) => store.registerKey(registrationOf(world.keys.ring().seal.active)),
    () => {},
  );
};

/** Runs the operator's actions at random times, each if the plan has its fault. */
export const operate = async (world: World): Promise<void> => {
  const { prng, grants, clients } = world;
  const backups: Backup[] = [];
  const acts: Partial<Record<Fault, () => Promise<void>>> = {
    'operator-revokes': async () => {
      const grant = grants.length === 0 ? undefined : prng.pick(grants);
      if (grant === undefined) return;
      if (prng.chance(0.3)) await nextRequest(world, grant.owner);
      await (grant.standing.isRevoked ? reinstate(world, grant) : revoke(world, grant));
    },
    'operator-disables': () => disable(world, prng.pick(clients)),
    'operator-restores': async () => {
      // Only backups of the current store are usable, not those of a store that a failover replaced.
      const usable = backups.filter(({ failovers }) => failovers === world.failovers);
      const backup = usable.length === 0 ? undefined : prng.pick(usable);
      if (backup === undefined || prng.chance(0.6)) backups.push(await takeBackup(world));
      else await revertStore(world, backup, 'restore');
    },
    'operator-prunes': () => prune(world),
    'key-rotations': () => rotateKeys(world),
  };
  const possible = Object.entries(acts).flatMap(([fault, act]) => (world.has(fault as Fault) ? [act] : []));
  while (possible.length > 0) {
    await pause(world, 5 * HOUR_MS);
    await prng.pick(possible)();
  }
};
