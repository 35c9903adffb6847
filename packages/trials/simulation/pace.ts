import type { ClientRecord } from './records.ts';
import type { World } from './world.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
/** The lifetime of a code. */
const CODE_LIFETIME_MS = 10 * MINUTE_MS;

/** Waits until the next request of a client reaches a node, at most six hours. */
export const nextRequest = ({ schedule }: World, owner: ClientRecord): Promise<void> =>
  Promise.race([
    new Promise<void>((resolve) => void owner.onRequest.push(resolve)),
    schedule.sleep(6 * HOUR_MS),
  ]);

/** Waits for minutes while an owner's code is valid, otherwise for hours or until the next owner consents. */
export const pause = async (world: World, maxMs: number): Promise<void> => {
  const { prng, schedule } = world;
  const isCodeValid = schedule.nowMs() - world.consentedAtMs < CODE_LIFETIME_MS;
  if (isCodeValid) return schedule.sleep(prng.real() * 4 * MINUTE_MS);
  const consent = new Promise<void>((resolve) => void world.onConsent.push(resolve));
  await Promise.race([consent, schedule.sleep(prng.real() * maxMs)]);
  await schedule.sleep(prng.real() * MINUTE_MS);
};
