import { presentToken } from './network.ts';
import type { Received } from './network.ts';
import type { GrantRecord, Node } from './records.ts';
import type { World } from './world.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
/** After this number of consecutive `dead` answers, a client gives up its grant. */
const DEAD_MAX = 5;

/** One process of an honest client. `node`: the node that it always uses; `undefined` for a random one each time. */
type Process = { readonly name: string; readonly node: Node | undefined };

/**
 * Refreshes a grant repeatedly, as an honest client does: saves its tokens, tries again after a timeout or a 503, and
 * reads its disk again when a token is dead. The client already has a refresh token.
 */
export const refreshHonestly = (world: World, grant: GrantRecord): void => {
  const { prng, schedule, nodes } = world;
  const names = Array.from({ length: grant.plan.processes }, (_, at) => `${grant.name}/${at + 1}`);
  const processes = names.map((name): Process => ({
    name,
    node: prng.chance(0.5) ? prng.pick(nodes) : undefined,
  }));
  const [first, second] = processes;
  if (first === undefined) return;
  const dead = { inARow: 0 };
  const refresh = async (process: Process): Promise<void> => {
    const ended = await refreshOnce(world, grant, process);
    dead.inARow = ended === 'dead' ? dead.inARow + 1 : 0;
  };
  const refreshUntilDead = async (): Promise<void> => {
    // Some clients refresh before their code expires.
    if (prng.chance(0.4)) {
      await schedule.sleep(prng.between(1000, 5 * MINUTE_MS));
      await refresh(first);
    }
    while (dead.inARow < DEAD_MAX) {
      await schedule.sleep(prng.between(1000, grant.plan.waitMaxMs));
      if (second !== undefined && prng.chance(0.6)) void refreshLater(second);
      await refresh(first);
      if (world.has('bursts') && prng.chance(0.04)) await burst();
    }
  };
  const refreshLater = async (process: Process): Promise<void> => {
    await schedule.sleep(prng.pick([0, 20, 1000, 30_000, grant.plan.waitMaxMs / 2]));
    await refresh(process);
  };
  const burst = async (): Promise<void> => {
    for (let left = prng.between(5, 45); left > 0 && dead.inARow === 0; left--) {
      await schedule.sleep(prng.between(200, 4000));
      await refresh(first);
    }
    // The client is restored from an old copy of its own disk.
    const copy = prng.chance(0.5) ? prng.pick([...grant.indexOf.keys()].slice(-45)) : undefined;
    if (copy !== undefined) await presentToken(world, { ...senderOf(grant, first), token: copy });
  };
  void refreshUntilDead();
};

const senderOf = (grant: GrantRecord, { name, node }: Process) => ({
  actor: name,
  isHonest: true,
  grant,
  node,
});

/** One refresh, with as many attempts as it needs. */
const refreshOnce = async (world: World, grant: GrantRecord, process: Process): Promise<'done' | 'dead'> => {
  const { prng, schedule } = world;
  const { wallet } = grant;
  let token = wallet.saved ?? '';
  for (let attempt = 1; attempt <= 12; attempt++) {
    const received = await send(world, grant, process, token);
    switch (received.kind) {
      case 'granted':
        if (world.has('client-crashes') && prng.chance(0.08)) {
          world.trace(
            () =>
              `${process.name} crashes before it saves ${grant.name}.${grant.indexOf.get(received.refreshToken)}`,
          );
          if (grant.owner.plan.keys === 'forgotten') wallet.key = undefined;
          await schedule.sleep(prng.pick([500, 5000, MINUTE_MS, HOUR_MS]));
          token = wallet.saved ?? '';
          break;
        }
        wallet.saved = received.refreshToken;
        return 'done';
      case 'outage':
        await schedule.sleep(2000 + prng.between(0, 2000 * attempt));
        break;
      case 'silence':
        await schedule.sleep(pauseAfterSilence(world, attempt));
        break;
      case 'unauthenticated':
        await schedule.sleep(prng.between(MINUTE_MS, HOUR_MS));
        break;
      case 'dead':
        await schedule.sleep(prng.between(100, 20_000));
        if (wallet.saved === token) return 'dead';
        token = wallet.saved ?? '';
        break;
      case 'broken':
        return 'dead';
    }
  }
  return 'done';
};

const pauseAfterSilence = ({ prng, has }: World, attempt: number): number =>
  has('long-sleeps') && prng.chance(0.3)
    ? prng.pick([2 * MINUTE_MS, 20 * MINUTE_MS, 8 * HOUR_MS])
    : prng.between(0, 1000 * attempt);

/** Sends a token once, or twice, as some client libraries do. */
const send = async (world: World, grant: GrantRecord, process: Process, token: string): Promise<Received> => {
  const { prng, schedule } = world;
  const sent = { ...senderOf(grant, process), token, key: keyFor(world, grant, token) };
  const first = presentToken(world, sent);
  if (!world.has('double-sends') || !prng.chance(0.15)) return first;
  const second = schedule.sleep(prng.pick([0, 10, 3000])).then(() => presentToken(world, sent));
  const received = await Promise.race([first, second]);
  return received.kind === 'silence' ? second : received;
};

/** The same key for every attempt with the same token, unless the client has forgotten the key. */
const keyFor = ({ prng }: World, { owner, wallet }: GrantRecord, token: string): string | undefined => {
  if (owner.plan.keys === 'none') return undefined;
  if (wallet.key?.token !== token) wallet.key = { token, value: prng.bytes(12).toString('hex') };
  return wallet.key.value;
};
