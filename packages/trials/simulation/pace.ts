import type { ClientRecord } from './records.ts';
import type { World } from './world.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
/** As long as a code lives. */
const CODE_LIFETIME_MS = 10 * MINUTE_MS;

/** Waits for the moment in which the next request of a client reaches a node, or six hours. */
export const nextRequest = ({ schedule }: World, owner: ClientRecord): Promise<void> =>
  Promise.race([
    new Promise<void>((resolve) => void owner.onRequest.push(resolve)),
    schedule.sleep(6 * HOUR_MS),
  ]);

/** Waits some minutes while an owner's code is alive, otherwise some hours or until the next owner consents. */
export const pause = async (world: World, mostMs: number): Promise<void> => {
  const { prng, schedule } = world;
  const isCodeAlive = schedule.nowMs() - world.consentedAtMs < CODE_LIFETIME_MS;
  if (isCodeAlive) return schedule.sleep(prng.real() * 4 * MINUTE_MS);
  const consent = new Promise<void>((resolve) => void world.onConsent.push(resolve));
  await Promise.race([consent, schedule.sleep(prng.real() * mostMs)]);
  await schedule.sleep(prng.real() * MINUTE_MS);
};
