import type { Millis } from '@keyfob/server/grants';
import type { LogEvent } from '@keyfob/server';
import type { WorldStore } from '../worlds/world-store.ts';
import type { WorldClock } from './world-clock.ts';

/** How many deliveries are looked at for the next one that is due. */
const DELIVERIES_PER_LOOK = 1000;

type Looked = { readonly store: WorldStore; readonly clock: WorldClock };

/** When the next delivery is due, by the clock of the world; `undefined` for none. */
export const nextDeliveryMs = async ({ store, clock }: Looked): Promise<Millis | undefined> => {
  const waiting = await store
    .current()
    .listDeliveries({ states: ['pending', 'retrying'], limit: DELIVERIES_PER_LOOK });
  const moments = waiting.flatMap(({ nextAtMs }) => nextAtMs ?? []);
  if (moments.length === 0) return undefined;
  return Math.max(clock.now(), Math.min(...moments) - clock.read().skewSeconds * 1000);
};

/** Has the server of a running world send each webhook when it is due, also where its time runs fast. */
export const followDeliveries = (
  world: Looked & { follow(listener: (event: LogEvent) => void): unknown },
  send: () => void,
): void => {
  const look = async (): Promise<void> => {
    const nextMs = await nextDeliveryMs(world);
    if (nextMs !== undefined && nextMs > world.clock.now()) world.clock.onRunning(nextMs, send);
  };
  world.follow((event) => {
    // A failed attempt sets the moment of the next one.
    if (event.event === 'webhook.failed') look().catch(() => {});
  });
};
