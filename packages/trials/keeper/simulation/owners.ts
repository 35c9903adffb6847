import type { Grant } from '@keyfob/keeper';
import { aliveOnes } from './simulation-state.ts';
import type { Running, Simulation } from './simulation-state.ts';

/** The owner of a car consents, and its pair is put, as soon as some process can. */
export const consent = (simulation: Simulation, car: string): void => {
  const { provider, checker, shared, time, prng } = simulation;
  const [one] = aliveOnes(simulation).length === 0 ? [] : [prng.pick(aliveOnes(simulation))];
  const again = (): void => void time.at(1000, () => consent(simulation, car));
  if (one === undefined) return again();
  const token = provider.consent(car);
  let isNoted = false;
  const noteIn = (grant: Grant | undefined): void => {
    if (isNoted || grant === undefined) return;
    isNoted = true;
    checker.put(token, grant.id);
  };
  const put = async (): Promise<void> => {
    const before = shared.store.find(car);
    const putting = one.keeper.put(car, 'cars', { refreshToken: token.text });
    // A process that dies here may have stored the pair.
    one.process.onDeath(() => void noteLeft());
    const noteLeft = async (): Promise<void> => {
      const [old, now] = [await before, await shared.store.find(car)];
      if (now?.id !== old?.id || now?.epoch !== old?.epoch) noteIn(now);
    };
    try {
      await putting;
    } catch {
      isNoted = true;
      return again();
    }
    noteIn(await shared.store.find(car));
  };
  void put();
};

/** A car is disconnected, and its owner consents again later. */
export const disconnect = async (simulation: Simulation, { keeper }: Running, car: string): Promise<void> => {
  const { checker, time } = simulation;
  try {
    if (await keeper.disconnect(car)) checker.sends.disconnected(car);
  } catch {
    return;
  }
  time.at(60_000, () => consent(simulation, car));
};
