import type { DatabaseSync } from 'node:sqlite';
import type { Clock, Millis } from '../../time.ts';
import { JUMP_MS, joinTimelines, latestOf, readTimeline, startTimeline } from '../../timeline.ts';
import type { NotedTime, Timeline } from '../../timeline.ts';
import type { Commits } from './commits.ts';

/** The time of a store that all processes of one machine share. */
export type StoreClock = {
  /** The present moment. It never goes back, however the machine's clock is set. */
  nowMs(): Millis;
  /** The latest moment that a stored one may have been. */
  latest(atMs: Millis): Millis;
  /** Shares what is known with the other processes, and the next one; at once where it `isUrgent`. */
  note(isUrgent: boolean): Promise<void>;
};

/** Without anything under way, the next start may be in doubt by so much. */
const NOTED_EVERY_MS = 60_000;
/** With something under way, by so much: a row that is a little older is the same. */
const NOTED_URGENT_MS = 1000;

/** Reads the machine's clocks, and compares them at every reading. */
export const createStoreClock = (database: DatabaseSync, commits: Commits, clock: Clock): StoreClock => {
  const { boot = '' } = clock;
  const read = database.prepare('SELECT clock FROM deployment');
  const write = database.prepare('UPDATE deployment SET clock = ?');
  const readNoted = (): NotedTime | undefined => {
    const text = read.get()?.['clock'];
    return typeof text === 'string' ? (JSON.parse(text) as NotedTime) : undefined;
  };
  const readClocks = () => ({ wallMs: clock.wallMs(), monotonicMs: clock.monotonicMs() });
  let timeline: Timeline = startTimeline(readClocks(), boot, readNoted());
  let notedAtMs = -Infinity;
  const nowMs = (): Millis => {
    const reading = readClocks();
    timeline = readTimeline(timeline, reading);
    return Math.floor(reading.monotonicMs + timeline.offsetMs);
  };
  return {
    nowMs,
    latest: (atMs) => latestOf(timeline.jumps, atMs),
    async note(isUrgent) {
      const newestMs = nowMs();
      const noted = await commits.read(readNoted);
      if (boot !== '' && noted?.boot === boot) timeline = joinTimelines(timeline, noted);
      const isKnown = noted?.boot === boot && Math.abs(noted.offsetMs - timeline.offsetMs) <= JUMP_MS;
      const newestNotedMs = Math.max(notedAtMs, isKnown ? noted.newestMs : -Infinity);
      const everyMs = isUrgent ? NOTED_URGENT_MS : NOTED_EVERY_MS;
      if (isKnown && newestMs - newestNotedMs < everyMs) return;
      notedAtMs = newestMs;
      await commits.run(() => void write.run(JSON.stringify({ boot, newestMs, ...timeline })));
    },
  };
};
