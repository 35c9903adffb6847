import type { JournalEntry } from '../journal/entry.ts';
import type { Journal } from '../journal/journal.ts';

/** How long an answer waits for another one at most, in real time. */
const LATE_MAX_MS = 600_000;

/** Resolves when a later request about the same grant has its answer, or when the client of this one has left. */
export const untilOvertaken = (journal: Journal, first: JournalEntry, gone: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (gone.aborted || journal.read({ stage: 'ended' }).requests.some((entry) => overtakes(entry, first)))
      return resolve();
    const end = (): void => {
      clearTimeout(timer);
      unfollow();
      gone.removeEventListener('abort', end);
      resolve();
    };
    const timer = setTimeout(end, LATE_MAX_MS).unref();
    const unfollow = journal.follow((entry) => {
      if (overtakes(entry, first)) end();
    });
    gone.addEventListener('abort', end);
  });

const overtakes = (entry: JournalEntry, { number, grant, endpoint }: JournalEntry): boolean =>
  entry.number > number && entry.stage === 'ended' && entry.endpoint === endpoint && entry.grant === grant;
