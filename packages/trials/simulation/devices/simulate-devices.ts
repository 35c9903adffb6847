import { checkDevices } from './device-checker.ts';
import { liveAsDevice } from './device-life.ts';
import { createDeviceWorld, restartDeviceNode } from './device-world.ts';
import type { DeviceWorld } from './device-world.ts';

const MINUTE_MS = 60_000;
const LENGTH_MS = 45 * MINUTE_MS;
const DEVICES_MAX = 6;

/** The result of one seed. */
export type DeviceOutcome = {
  readonly faults: readonly string[];
  readonly polls: number;
  /** How often each answer came. */
  readonly answers: Readonly<Record<string, number>>;
  readonly violations: readonly string[];
};

/** Simulates devices that poll a deployment while it fails (RFC 8628). `report` gets one line per step. */
export const simulateDevices = async (
  seed: number,
  report?: (line: string) => void,
): Promise<DeviceOutcome> => {
  const world = await createDeviceWorld(seed, report);
  const { prng, schedule } = world;
  const startMs = schedule.nowMs();
  for (let number = prng.between(1, DEVICES_MAX); number > 0; number--)
    void liveAsDevice(world, `device-${number}`);
  void killNodes(world);
  void takeStoreAway(world);
  await schedule.run(startMs + LENGTH_MS);
  await checkDevices(world);
  const answers: Record<string, number> = {};
  for (const { answer } of world.devices.flatMap(({ polls }) => polls)) {
    const name = answer === undefined ? 'none' : answer.kind === 'refused' ? answer.error : answer.kind;
    answers[name] = (answers[name] ?? 0) + 1;
  }
  const polls = Object.values(answers).reduce((sum, count) => sum + count, 0);
  return { faults: [...world.faults], polls, answers, violations: world.violations };
};

const killNodes = async (world: DeviceWorld): Promise<void> => {
  const { prng, schedule, nodes } = world;
  while (world.has('node-deaths')) {
    await schedule.sleep(prng.between(1, 5 * MINUTE_MS));
    restartDeviceNode(world, prng.pick(nodes));
  }
};

const takeStoreAway = async (world: DeviceWorld): Promise<void> => {
  const { prng, schedule } = world;
  while (world.has('store-away')) {
    await schedule.sleep(prng.between(1, 5 * MINUTE_MS));
    world.isStoreAway = true;
    await schedule.sleep(prng.pick([2000, 30_000]) * prng.real());
    world.isStoreAway = false;
  }
};
