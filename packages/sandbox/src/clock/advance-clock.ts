import type { LogEvent } from '@keyfob/server';
import type { Millis } from '@keyfob/server/grants';
import { SandboxError } from '../sandbox-error.ts';
import { listExpiries } from './list-expiries.ts';
import { nextDeliveryMs } from './next-delivery.ts';
import type { Happening } from './happening.ts';
import { CLOCK_MAX_MS } from './world-clock.ts';
import type { World } from '../worlds/world.ts';

/** What a move of the clock brought. */
export type Advanced = {
  readonly fromMs: Millis;
  readonly nowMs: Millis;
  /** In order, at most so many. */
  readonly happened: readonly Happening[];
  /** How many more happened than are listed. */
  readonly more: number;
};

const HAPPENINGS_MAX = 1000;
/** Real time that the receivers of webhooks may take for one move of the clock. */
const REAL_TIME_MAX_MS = 60_000;

/** Where the clock is moved to: to a moment, or on by so much from where it then is. */
export type ClockTarget =
  | { readonly toMs: Millis }
  | { readonly byMs: Millis }
  /** To a moment, unless it has passed already. */
  | { readonly atLeastMs: Millis };

/**
 * Moves the clock of a world forward. Everything due in between happens before, in order and at its own moment:
 * webhooks are really sent, with their retries, and delayed answers leave. Throws `SandboxError` for a moment that has passed,
 * and where the receivers of webhooks take too long: then the clock stands where it came to.
 */
export const advanceClock = (world: World, target: ClockTarget): Promise<Advanced> =>
  world.inTurn(() => advance(world, target));

const momentOf = (target: ClockTarget, nowMs: Millis): Millis => {
  if ('toMs' in target) return target.toMs;
  return 'byMs' in target ? nowMs + target.byMs : Math.max(nowMs, target.atLeastMs);
};

const advance = async (world: World, target: ClockTarget): Promise<Advanced> => {
  const { clock } = world;
  const held = clock.hold();
  const webhooks = followWebhooks(world);
  try {
    const fromMs = clock.now();
    const untilMs = momentOf(target, fromMs);
    refuseWrongMoment(fromMs, untilMs);
    const expiries = [...(await listExpiries(world, fromMs, untilMs))];
    const happened: Happening[] = [];
    const startedAt = performance.now();
    for (;;) {
      const [expiry] = expiries;
      const deliveryMs = await nextDeliveryMs(world);
      const waitMs = clock.nextWait();
      const nextMs = Math.min(expiry?.atMs ?? Infinity, deliveryMs ?? Infinity, waitMs ?? Infinity);
      if (nextMs > untilMs) break;
      clock.moveTo(nextMs);
      if (waitMs === nextMs)
        happened.push({ atMs: nextMs, kind: 'answer_released', says: 'A delayed answer was released.' });
      while (expiries[0] !== undefined && expiries[0].atMs <= nextMs) happened.push(...expiries.splice(0, 1));
      if (deliveryMs !== undefined && deliveryMs <= nextMs) await sendWebhooks(world);
      else await nextTurn();
      happened.push(...webhooks.take());
      if (performance.now() - startedAt > REAL_TIME_MAX_MS) throw tooSlow(clock.now());
    }
    clock.moveTo(untilMs);
    const listed = happened.slice(0, HAPPENINGS_MAX);
    return { fromMs, nowMs: clock.now(), happened: listed, more: happened.length - listed.length };
  } finally {
    webhooks.stop();
    held.end();
  }
};

const refuseWrongMoment = (nowMs: Millis, untilMs: Millis): void => {
  if (untilMs < nowMs)
    throw new SandboxError(
      'clock_backwards',
      `the clock shows ${new Date(nowMs).toISOString()} and does not go back`,
      'Reset the world, or create another one with an earlier clock.',
    );
  if (untilMs > CLOCK_MAX_MS)
    throw new SandboxError('input_invalid', 'the clock ends in 2100', 'Move it by less.');
};

const sendWebhooks = async ({ server }: World): Promise<void> => {
  server.deliverWebhooks();
  await server.settleWebhooks();
};

const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

const tooSlow = (nowMs: Millis): SandboxError =>
  new SandboxError(
    'webhooks_slow',
    `the receivers of webhooks took more than ${REAL_TIME_MAX_MS / 1000} seconds; the clock stands at ${new Date(nowMs).toISOString()}`,
    'Have the receiver answer faster, or remove the webhook. Then move the clock on.',
  );

/** Collects what happens to deliveries. */
const followWebhooks = (world: World): { take(): readonly Happening[]; stop(): void } => {
  let found: Happening[] = [];
  const stop = world.follow((event) => {
    const happening = describeDelivery(world, event);
    if (happening !== undefined) found.push(happening);
  });
  return {
    take() {
      const taken = found;
      found = [];
      return taken;
    },
    stop,
  };
};

const describeDelivery = ({ clock, grants }: World, event: LogEvent): Happening | undefined => {
  if (
    event.event !== 'webhook.delivered' &&
    event.event !== 'webhook.failed' &&
    event.event !== 'webhook.given_up'
  )
    return undefined;
  const id = grants.find(event.grantId);
  const about = `${event.kind} to the webhook ${event.webhookId}, attempt ${event.attempts}`;
  const outcome = {
    'webhook.delivered': 'was delivered',
    'webhook.failed': 'failed',
    'webhook.given_up': 'failed, and none follows',
  };
  return {
    atMs: clock.now(),
    kind: event.event.replace('.', '_') as Happening['kind'],
    ...(id === undefined ? {} : { grant: grants.nameOf(id) }),
    says: `${about}: ${outcome[event.event]}.`,
  };
};
