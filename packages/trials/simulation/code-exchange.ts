import { presentCode } from './network.ts';
import type { Received } from './network.ts';
import type { CodeRecord, GrantRecord, Node } from './records.ts';
import type { World } from './world.ts';

const MINUTE_MS = 60_000;
const ATTEMPTS_MAX = 8;

/** A grant that begins with a code. */
export type ConsentedGrant = GrantRecord & { readonly code: CodeRecord };

/** How a client sends its code. `node`: the node that it always uses; `undefined` for a random one each time. */
type Exchange = { readonly grant: ConsentedGrant; readonly node: Node | undefined };

/**
 * An honest client exchanges its code. It tries again after a timeout or a 503, and saves its tokens. Later an owner
 * may open the page with the code again. Resolves when the client has its tokens or gives up.
 */
export const redeemHonestly = async (world: World, grant: ConsentedGrant): Promise<void> => {
  const { prng, schedule, nodes } = world;
  const exchange: Exchange = { grant, node: prng.chance(0.5) ? prng.pick(nodes) : undefined };
  await schedule.sleep(prng.chance(0.9) ? prng.between(200, MINUTE_MS) : prng.between(8, 11) * MINUTE_MS);
  await redeem(world, exchange);
  if (world.has('old-pages') && prng.chance(0.5)) void reopenPage(world, exchange);
};

const reopenPage = async (world: World, exchange: Exchange): Promise<void> => {
  const { prng, schedule } = world;
  await schedule.sleep(prng.pick([MINUTE_MS, 9 * MINUTE_MS, 15 * MINUTE_MS]) * prng.real());
  world.trace(() => `the page with the code of ${exchange.grant.name} is opened again`);
  await send(world, exchange);
};

const redeem = async (world: World, exchange: Exchange): Promise<void> => {
  const { prng, schedule } = world;
  const { grant } = exchange;
  for (let attempt = 1; attempt <= ATTEMPTS_MAX; attempt++) {
    const received = await sendOnceOrTwice(world, exchange);
    const hasKey = grant.code.key !== undefined;
    if (received.kind === 'granted') {
      if (!world.has('client-crashes') || !prng.chance(0.2)) {
        grant.wallet.saved = received.refreshToken;
        return;
      }
      world.trace(() => `${grant.owner.plan.name} crashes before it saves ${grant.name}.0`);
      if (!hasKey && prng.chance(0.7)) return;
      if (grant.owner.plan.keys === 'forgotten') grant.code.key = prng.bytes(12).toString('hex');
    } else if (received.kind === 'unauthenticated') await schedule.sleep(MINUTE_MS);
    else if (received.kind === 'dead' || received.kind === 'broken') return;
    // Without a key, a client cannot know after a timeout whether its code was used. Some clients try again anyway.
    else if (received.kind === 'silence' && !hasKey && prng.chance(0.6)) return;
    await schedule.sleep(prng.between(500, 2000 * attempt));
  }
};

const sendOnceOrTwice = async (world: World, exchange: Exchange): Promise<Received> => {
  const { prng, schedule } = world;
  const first = send(world, exchange);
  if (!world.has('double-sends') || !prng.chance(0.2)) return first;
  const second = schedule.sleep(prng.pick([0, 10, 3000])).then(() => send(world, exchange));
  const received = await Promise.race([first, second]);
  if (received.kind === 'granted') return received;
  const later = await second;
  return later.kind === 'granted' ? later : first;
};

const send = (world: World, { grant, node }: Exchange): Promise<Received> =>
  presentCode(world, {
    actor: grant.owner.plan.name,
    isHonest: true,
    grant,
    code: grant.code,
    key: grant.code.key,
    node,
  });
