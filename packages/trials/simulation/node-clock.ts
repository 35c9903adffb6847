import { createClockSource } from '@keyfob/server/wire';
import type { ClockSource } from '@keyfob/server/wire';
import type { Node } from './records.ts';
import type { World } from './world.ts';

const NOTE_INTERVAL_MS = 600_000;
const READ_INTERVAL_MS = 300_000;
/** A quartz is off by up to this share. */
const DRIFT_MAX = 0.0002;

/**
 * The time of a process of this node. Where clocks jump far, it comes from the source that a server uses, and the process
 * notes it for the next start; otherwise it is the node's clock, which nothing compares.
 */
export const startClock = (world: World, node: Node): Pick<ClockSource, 'now' | 'doubt'> => {
  const { schedule, prng } = world;
  if (!world.has('clock-far-jumps'))
    return { now: () => schedule.nowMs() + node.skewMs, doubt: () => undefined };
  const drift = world.has('clock-drift') ? prng.real() * 2 * DRIFT_MAX - DRIFT_MAX : 0;
  const startedAtMs = schedule.nowMs();
  const time = createClockSource({
    wall: () => Math.round(schedule.nowMs() + node.skewMs + drift * (schedule.nowMs() - startedAtMs)),
    monotonic: schedule.nowMs,
    seenAtMs: world.seenAtMs,
    emit: (event) => void world.log.push(event),
  });
  time.report();
  let notedAtMs = -Infinity;
  const note = (): void => {
    world.seenAtMs = time.earliest();
    notedAtMs = schedule.nowMs();
  };
  time.onJump(() => void (notedAtMs = -Infinity));
  const now = (): number => {
    const nowMs = time.now();
    if (schedule.nowMs() - notedAtMs >= NOTE_INTERVAL_MS) note();
    return nowMs;
  };
  const { incarnation } = node;
  // A server reads its clock every few seconds, whether anybody asks it or not.
  const read = (): void => {
    if (node.incarnation !== incarnation) return;
    now();
    schedule.after(READ_INTERVAL_MS, read);
  };
  schedule.after(0, read);
  return { now, doubt: time.doubt };
};
