import { SandboxError } from '../sandbox-error.ts';
import type { JournalEntry, Stage } from './entry.ts';

/** What happened to the requests of a world. */
export type Journal = {
  /** Begins an entry with its arrival. */
  begin(entry: NewEntry): OpenEntry;
  /** Entries that changed after `after`, in the order of their changes, and the number to go on from. */
  read(filter: JournalFilter): JournalPage;
  /** The same, and waits for the first one if there is none yet, for at most `waitMs` real milliseconds. */
  wait(
    filter: JournalFilter & { readonly waitMs: number; readonly signal?: AbortSignal },
  ): Promise<JournalPage>;
  find(number: number): JournalEntry | undefined;
  /** Calls `listener` at every change of an entry, until the returned function is called. */
  follow(listener: (entry: JournalEntry) => void): () => void;
  /** Ends all waits. */
  close(): void;
};

/** An entry without what the journal itself adds. */
export type NewEntry = Omit<
  JournalEntry,
  'number' | 'sequence' | 'stage' | 'arrivedSequence' | 'arrivedRealMs'
>;

export type JournalFilter = {
  readonly after?: number | undefined;
  readonly stage?: Stage | undefined;
  readonly endpoint?: string | undefined;
  readonly grant?: string | undefined;
  readonly client?: string | undefined;
  readonly limit?: number | undefined;
  /** Only the newest so many. */
  readonly last?: number | undefined;
};

export type JournalPage = {
  readonly requests: readonly JournalEntry[];
  /** For the next `after`. */
  readonly next: number;
  /** How many entries were dropped, because the journal holds the newest only. */
  readonly dropped: number;
};

/** An entry whose request has not ended. */
export type OpenEntry = {
  readonly entry: () => JournalEntry;
  update(change: Partial<Omit<JournalEntry, 'number' | 'sequence'>>): void;
};

/** How many requests are remembered; the oldest is dropped first. */
export const ENTRIES_MAX = 10_000;
export const PAGE_MAX = 1000;
/** How many may wait at one moment in one world. */
const WAITS_MAX = 100;

export const createJournal = (): Journal => {
  // By number; in the order of their last change, because each change inserts it again.
  const entries = new Map<number, JournalEntry>();
  const followers = new Set<(entry: JournalEntry) => void>();
  const ends = new Set<() => void>();
  const startedAt = performance.now();
  let made = 0;
  let sequence = 0;
  let dropped = 0;

  const write = (entry: JournalEntry): void => {
    entries.delete(entry.number);
    entries.set(entry.number, entry);
    const [oldest] = entries.keys();
    if (entries.size > ENTRIES_MAX && oldest !== undefined) {
      entries.delete(oldest);
      dropped++;
    }
    for (const follower of followers) follower(entry);
  };

  const read = ({ after = 0, limit = PAGE_MAX, last, ...filter }: JournalFilter): JournalPage => {
    const newer = [...entries.values()].filter((entry) => entry.sequence > after);
    const all = newer.filter((entry) => fits(entry, filter));
    const fitting = last === undefined ? all : all.slice(Math.max(0, all.length - last));
    const requests = fitting.slice(0, limit);
    const isAll = requests.length === fitting.length;
    return {
      requests,
      next: isAll ? Math.max(after, sequence) : (requests.at(-1)?.sequence ?? after),
      dropped,
    };
  };

  const wait: Journal['wait'] = async ({ waitMs, signal, ...filter }) => {
    const found = read(filter);
    if (found.requests.length > 0 || waitMs <= 0) return found;
    if (ends.size >= WAITS_MAX)
      throw new SandboxError(
        'too_many_waiting',
        `${WAITS_MAX} requests wait for this journal already`,
        'End those that nobody reads, or ask without wait.',
      );
    await new Promise<void>((resolve) => {
      const end = (): void => {
        clearTimeout(timer);
        followers.delete(look);
        ends.delete(end);
        signal?.removeEventListener('abort', end);
        resolve();
      };
      const look = (entry: JournalEntry): void => {
        if (fits(entry, filter)) end();
      };
      const timer = setTimeout(end, waitMs);
      followers.add(look);
      ends.add(end);
      signal?.addEventListener('abort', end);
    });
    return read(filter);
  };

  return {
    begin(first) {
      const arrivedSequence = ++sequence;
      let entry: JournalEntry = {
        ...first,
        number: ++made,
        sequence: arrivedSequence,
        arrivedSequence,
        arrivedRealMs: Math.round(performance.now() - startedAt),
        stage: 'arrived',
      };
      write(entry);
      return {
        entry: () => entry,
        update(change) {
          entry = { ...entry, ...change, sequence: ++sequence };
          write(entry);
        },
      };
    },
    read,
    wait,
    find: (number) => entries.get(number),
    follow(listener) {
      followers.add(listener);
      return () => followers.delete(listener);
    },
    close() {
      for (const end of ends) end();
    },
  };
};

const fits = (entry: JournalEntry, { stage, endpoint, grant, client }: JournalFilter): boolean =>
  (stage === undefined || entry.stage === stage) &&
  (endpoint === undefined || entry.endpoint === endpoint) &&
  (grant === undefined || entry.grant === grant) &&
  (client === undefined || entry.client === client);
