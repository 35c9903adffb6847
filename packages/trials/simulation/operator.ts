import { StoreError } from '@keyfob/server/errors';
import type { Store } from '@keyfob/server/stores';
import { restartNode } from './node.ts';
import type { Conduct } from '../support/memory-store/tables.ts';
import type { Fault } from './plan.ts';
import type { Backup as Content } from './simulated-store.ts';
import type { Standing } from './expectation.ts';
import type { ClientRecord, GrantRecord, World } from './world.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

/** Waits for the very moment in which a request of a client reaches a node, though not for ever. */
const nextRequest = ({ schedule }: World, owner: ClientRecord): Promise<void> =>
  Promise.race([
    new Promise<void>((resolve) => void owner.waiting.push(resolve)),
    schedule.sleep(6 * HOUR_MS),
  ]);

/** A copy of the store, and what was true when it was made. */
type Backup = {
  readonly content: Content;
  readonly standings: ReadonlyMap<GrantRecord, Standing>;
  readonly disabled: ReadonlySet<ClientRecord>;
};

/** Asks the store as a command of the operator does, again and again until it is known how it went. */
const ask = async <Result>(
  world: World,
  verb: (store: Store) => Promise<Result>,
  applied: (result: Result) => void | Promise<void>,
): Promise<Result> => {
  const { prng, schedule } = world;
  const conduct: Conduct = async (_verb, work) => {
    await schedule.sleep(prng.between(0, 6));
    if (world.isStoreAway) throw new StoreError('unavailable', 'the simulated store is away');
    const result = await work();
    await applied(result as never);
    if (world.has('commit-answers-lost') && prng.chance(0.1))
      throw new StoreError('outcome_unknown', 'the simulated store lost its answer');
    return result;
  };
  for (;;) {
    const store = world.store.through(conduct);
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

const touch = (world: World, grant: GrantRecord): void => {
  grant.touchedAtDecision = Math.min(grant.touchedAtDecision, world.decisions);
};

const revoke = async (world: World, grant: GrantRecord): Promise<void> => {
  const nowMs = world.schedule.nowMs();
  world.trace(() => `the operator revokes ${grant.plan.name}`);
  const answer = await ask(
    world,
    (store) => store.revoke(grant.id, { nowMs, cause: 'operator' }),
    (result) => {
      if (result === 'unknown') return;
      grant.standing = { ...grant.standing, isRevoked: true };
      touch(world, grant);
    },
  );
  if (answer !== 'unknown') grant.revokedSinceMs = world.schedule.nowMs();
};

const reinstate = async (world: World, grant: GrantRecord): Promise<void> => {
  world.trace(() => `the operator reinstates ${grant.plan.name}`);
  grant.revokedSinceMs = undefined;
  await ask(
    world,
    (store) => store.reinstate(grant.id, { nowMs: world.schedule.nowMs() }),
    (result) => {
      if (result !== 'unknown') grant.standing = { ...grant.standing, isRevoked: false };
    },
  );
};

const disable = async (world: World, owner: ClientRecord): Promise<void> => {
  const { prng, schedule } = world;
  const setTo = async (isDisabled: boolean): Promise<void> => {
    world.trace(() => `the operator ${isDisabled ? 'disables' : 'enables'} ${owner.plan.name}`);
    const disabledAt = isDisabled ? Math.floor(schedule.nowMs() / 1000) : null;
    await ask(
      world,
      (store) => store.changeClient(owner.client.id, { disabledAt }),
      () => void Object.assign(owner, { isDisabled, changedAtMs: schedule.nowMs() }),
    );
  };
  if (prng.chance(0.5)) await nextRequest(world, owner);
  await setTo(true);
  await schedule.sleep(prng.between(MINUTE_MS, 3 * HOUR_MS));
  await setTo(false);
};

const takeBackup = async (world: World): Promise<Backup> => {
  world.trace(() => 'the operator makes a backup');
  return {
    content: await world.store.backUp(),
    standings: new Map(world.grants.map((grant) => [grant, grant.standing])),
    disabled: new Set(world.clients.filter(({ isDisabled }) => isDisabled)),
  };
};

/**
 * Puts an earlier content in the place of the store's. With `restore` what ended since stays ended; a `failover` to a
 * copy that lags forgets that as well, which DESIGN §4 names as the remaining risk. So does a restore of what was pruned
 * since: it can carry over only the revocations it finds. Registered keys outlive both.
 */
const goBack = async (world: World, backup: Backup, how: 'restore' | 'failover'): Promise<void> => {
  const { grants, clients } = world;
  world.trace(() => `the store goes back to an earlier content: ${how}`);
  if (how === 'restore') await backup.content.restore();
  else await backup.content.failOver();
  for (const grant of grants) {
    const before = backup.standings.get(grant);
    const isStandingKept = how === 'restore' && grant.standing.isThere;
    const isRevoked = isStandingKept ? grant.standing.isRevoked : before?.isRevoked === true;
    grant.standing = before === undefined ? { ...grant.standing, isThere: false } : { ...before, isRevoked };
    if (!grant.standing.isThere || !isRevoked) grant.revokedSinceMs = undefined;
    if (before === undefined || isRevoked) touch(world, grant);
    grant.epoch++;
    for (const place of grant.stringOf.keys())
      if (place > grant.standing.current) grant.stringOf.delete(place);
  }
  for (const client of clients) {
    const isDisabled = how === 'restore' ? client.isDisabled : backup.disabled.has(client);
    if (isDisabled !== client.isDisabled)
      Object.assign(client, { isDisabled, changedAtMs: world.schedule.nowMs() });
  }
};

/** Claims: `prune` removes nothing but what had ended by then. */
const prune = async (world: World): Promise<void> => {
  const { prng, schedule } = world;
  const endedBeforeMs = schedule.nowMs() - prng.between(0, 24) * HOUR_MS;
  world.trace(() => 'the operator prunes');
  await ask(
    world,
    (store) => store.prune({ limit: 1000, endedBeforeMs }),
    async () => {
      for (const grant of world.grants) {
        if (!grant.standing.isThere || (await world.store.look(grant.id)) !== undefined) continue;
        const { grantLifetimeSeconds, refreshTokenLifetimeSeconds } = grant.owner.plan.policy;
        const endsAtMs = Math.min(
          grant.standing.issuedAtMs + refreshTokenLifetimeSeconds * 1000,
          grantLifetimeSeconds === null ? Infinity : grant.createdAtMs + grantLifetimeSeconds * 1000,
        );
        if (!grant.standing.isRevoked && endsAtMs >= endedBeforeMs)
          world.violate('prune', `${grant.plan.name} was removed though it had not ended`);
        grant.standing = { ...grant.standing, isThere: false };
        touch(world, grant);
      }
    },
  );
};

const rotateKeys = async (world: World): Promise<void> => {
  const createdAt = Math.floor(world.schedule.nowMs() / 1000);
  world.trace(() => 'the operator adds a key');
  world.keys.add(createdAt);
  const { number, fingerprint } = world.keys.ring().newest;
  await ask(
    world,
    (store) => store.registerKey({ number, createdAt, fingerprint }),
    () => {},
  );
};

/** What an operator does now and then, each where its fault is on. */
export const operate = async (world: World): Promise<void> => {
  const { prng, schedule, grants, clients } = world;
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
      const backup = backups.length === 0 ? undefined : prng.pick(backups);
      if (backup === undefined || prng.chance(0.6)) backups.push(await takeBackup(world));
      else await goBack(world, backup, 'restore');
    },
    'operator-prunes': () => prune(world),
    'key-rotations': () => rotateKeys(world),
  };
  const possible = Object.entries(acts).flatMap(([fault, act]) => (world.has(fault as Fault) ? [act] : []));
  while (possible.length > 0) {
    await schedule.sleep(prng.real() * 5 * HOUR_MS);
    await prng.pick(possible)();
  }
};

/** What happens to the machines: nodes die, the store is away or falls back to a copy, clocks jump. */
export const misfortune = async (world: World): Promise<void> => {
  const { prng, schedule, nodes, clients } = world;
  const jump = async (leastMs: number, mostMs: number): Promise<void> => {
    const byMs = prng.between(leastMs, mostMs);
    const moved = prng.chance(0.5) ? nodes : [prng.pick(nodes)];
    for (const node of moved) node.skewMs += byMs;
    world.trace(() => `the clock of ${moved.map(({ name }) => name).join(' and ')} jumps by ${byMs} ms`);
  };
  const acts: Partial<Record<Fault, () => Promise<void>>> = {
    'node-deaths': async () => restartNode(world, prng.pick(nodes)),
    'store-away': async () => {
      world.trace(() => 'the store is away');
      world.isStoreAway = true;
      await schedule.sleep(prng.pick([3000, MINUTE_MS, 30 * MINUTE_MS]) * prng.real());
      world.isStoreAway = false;
      world.trace(() => 'the store is back');
    },
    failovers: async () => {
      const copy = await takeBackup(world);
      await schedule.sleep(prng.pick([1000, MINUTE_MS, 2 * HOUR_MS]) * prng.real());
      await goBack(world, copy, 'failover');
    },
    // One clock is far ahead for a while, and then right again.
    'clock-glitches': async () => {
      if (prng.chance(0.7)) await nextRequest(world, prng.pick(clients));
      const node = prng.pick(nodes);
      const byMs = prng.between(5 * MINUTE_MS, 24 * HOUR_MS);
      node.skewMs += byMs;
      world.trace(() => `the clock of ${node.name} is ahead by ${byMs} ms`);
      await schedule.sleep(prng.pick([10_000, MINUTE_MS, 6 * HOUR_MS]) * prng.real());
      node.skewMs -= byMs;
      world.trace(() => `the clock of ${node.name} is right again`);
    },
    'clock-jumps-forward': () => jump(1000, prng.pick([5000, 20 * MINUTE_MS, 2 * HOUR_MS])),
    'clock-jumps-back': () => jump(-prng.pick([5000, 20 * MINUTE_MS, 2 * HOUR_MS]), -1000),
  };
  const possible = Object.entries(acts).flatMap(([fault, act]) => (world.has(fault as Fault) ? [act] : []));
  while (possible.length > 0) {
    await schedule.sleep(prng.real() * 6 * HOUR_MS);
    await prng.pick(possible)();
  }
};
