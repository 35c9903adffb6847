import type { ControlClient } from './control-client.ts';
import { writeDuration } from './duration.ts';
import type { Duration } from './duration.ts';
import { writeMoment } from './moment.ts';
import type { Moment } from './moment.ts';
import type { ClockOptions } from './world-options.ts';
import type { Advanced, ClockState } from './world-state.ts';

/** The clock of a world. */
export type WorldClock = {
  /**
   * The time of the world in milliseconds since 1970, for code that takes its clock as an argument:
   * `() => world.clock.nowMs`. Known without a request: it follows every move through this object; `read` asks the sandbox.
   */
  readonly nowMs: number;
  read(): Promise<ClockState>;
  /** Moves it forward. Everything that is due in between has happened when this resolves: `advance({ days: 59 })`. */
  advance(by: Duration): Promise<Advanced>;
  /** Moves it forward to a moment. */
  advanceTo(moment: Moment): Promise<Advanced>;
  /** Changes how time passes, or how wrong the server's own clock is. */
  change(options: ClockOptions): Promise<ClockState>;
};

type Known = Pick<ClockState, 'nowMs' | 'mode' | 'rate'>;

/** As it is now: tests replace the global timers, and with them this. */
const monotonic = performance.now.bind(performance);

export const createWorldClock = (
  { call }: ControlClient,
  path: string,
  first: ClockState,
): WorldClock & { learn(state: ClockState): void } => {
  let known: Known = first;
  let learntAt = monotonic();
  const learn = (state: Partial<Known>): void => {
    known = { ...known, ...state };
    learntAt = monotonic();
  };
  const move = async (body: object): Promise<Advanced> => {
    const advanced = await call<Advanced>('POST', `${path}/clock/advance`, body);
    learn({ nowMs: advanced.nowMs });
    return advanced;
  };
  const learnFrom = async (state: Promise<ClockState>): Promise<ClockState> => {
    learn(await state);
    return state;
  };
  return {
    get nowMs() {
      const passed = known.mode === 'running' ? (monotonic() - learntAt) * known.rate : 0;
      return Math.floor(known.nowMs + passed);
    },
    read: () => learnFrom(call('GET', `${path}/clock`)),
    advance: async (by) => move({ by: writeDuration(by) }),
    advanceTo: async (moment) => move({ to: writeMoment(moment) }),
    change: (options) => learnFrom(call('PUT', `${path}/clock`, options)),
    learn,
  };
};
