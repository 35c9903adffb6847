import { systemClock, systemMonotonic } from '../clock.ts';
import type { Clock, Millis } from '../clock.ts';
import { createClockSource } from '../clock-source.ts';
import type { ClockSource, DatabaseReading } from '../clock-source.ts';
import { StoreError } from '../errors.ts';
import type { ClockStore } from '../grants/clock-store.ts';
import type { Emit } from '../log-event.ts';

/** How the time of a deployment is opened. */
export type ClockOptions = {
  /** Instead of the machine's clock. */
  readonly clock?: Clock | undefined;
  /** The monotonic clock for `clock`. Without it, `clock` never jumps, however it is moved. */
  readonly monotonic?: Clock | undefined;
  readonly isTrusted: boolean;
  readonly emit: Emit;
};

/** Opens the time of a store: compared with its newest moment and, where it has one, with its database's clock. */
export const openClock = async (store: ClockStore, options: ClockOptions): Promise<ClockSource> => {
  const { clock, isTrusted, emit } = options;
  if (clock !== undefined && options.monotonic === undefined)
    return createClockSource({ wall: clock, monotonic: clock, emit });
  const { monotonic = systemMonotonic } = options;
  const read = await readClock(store, monotonic);
  return createClockSource({ wall: clock ?? systemClock, monotonic, isTrusted, emit, ...read });
};

const READ_INTERVAL_MS = 5000;
const NOTE_INTERVAL_MS = 600_000;

/** Reads the clocks every few seconds, and notes the time in the store, for the next start, as long as a server runs. */
export const followClock = (store: ClockStore, time: ClockSource): { stop(): Promise<void> } => {
  let notedAtMs = -Infinity;
  let following: Promise<void> | undefined;

  const follow = async (): Promise<void> => {
    const { database } = await readClock(store, time.monotonic);
    if (database === undefined) time.now();
    else time.noteDatabase(database);
    if (time.monotonic() - notedAtMs < NOTE_INTERVAL_MS) return;
    await store.noteClock(time.earliest());
    notedAtMs = time.monotonic();
  };

  const turn = (): void => {
    following ??= follow()
      .catch(ignoreOutage)
      .finally(() => {
        following = undefined;
      });
  };
  time.onJump(() => {
    notedAtMs = -Infinity;
    turn();
  });
  const timer = setInterval(turn, READ_INTERVAL_MS).unref();
  turn();
  return {
    async stop() {
      clearInterval(timer);
      await following;
      await store.noteClock(time.earliest()).catch(ignoreOutage);
    },
  };
};

const readClock = async (
  store: ClockStore,
  monotonic: Clock,
): Promise<{ readonly seenAtMs: Millis | undefined; readonly database: DatabaseReading | undefined }> => {
  const sentAtMs = monotonic();
  const { databaseMs, seenAtMs } = await store.readClock();
  const answeredAtMs = monotonic();
  return {
    seenAtMs,
    database: databaseMs === undefined ? undefined : { databaseMs, sentAtMs, answeredAtMs },
  };
};

/** A store that is away shows no clock: the time goes on by the monotonic clock, and is compared later. */
const ignoreOutage = (error: unknown): void => {
  if (!(error instanceof StoreError)) throw error;
};
