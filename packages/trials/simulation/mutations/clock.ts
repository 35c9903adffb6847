import type { Mutation } from '../../support/mutation.ts';

const judge = 'server/src/grants/judge.ts';
const timeline = 'server/src/clock-timeline.ts';

/** Possible bugs in what a jump of the clock puts in doubt. Their seeds are of `drawClockPlan`. */
export const CLOCK_MUTATIONS: readonly Mutation[] = [
  {
    name: 'a lifetime ends by a clock that is in doubt',
    file: judge,
    search: 'fromMs <= latestMomentOfAge(toMillis(lifetimeSeconds), now)',
    replacement: 'now.nowMs - fromMs >= toMillis(lifetimeSeconds)',
    seed: 1,
  },
  {
    name: 'a jump puts nothing in doubt',
    file: timeline,
    search: 'return byMs > JUMP_MS ?',
    replacement: 'return byMs > Infinity ?',
    seed: 1,
  },
  {
    name: 'a start is not compared with the store',
    file: timeline,
    search: 'const isGap = floorMs !== undefined && offsetMs - floorMs > START_GAP_MS;',
    replacement: 'const isGap = false;',
    seed: 1,
  },
  {
    name: 'a jump counts as settled at once',
    file: timeline,
    search: 'settlesAtMs: timeline.readAtMs + byMs,',
    replacement: 'settlesAtMs: timeline.readAtMs,',
    seed: 1,
  },
];
