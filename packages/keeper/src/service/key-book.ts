import { StoreError } from '../errors.ts';
import type { LogEvent } from '../refresh/engine.ts';
import type { ServiceKey, ServiceKeyVerbs } from '../stores/service-keys.ts';
import type { Clock, Millis } from '../time.ts';
import type { KeyRing } from '../vault/key-ring.ts';
import { isKeyBound } from './bind-key.ts';
import { digestOfKey } from './keys.ts';

/** The keys of the service in memory, so that a request costs no look into the store, and a wrong key neither. */
export type KeyBook = {
  /** The key of this text; `undefined` for none, or for one that is over. Rejects where no node can say. */
  find(text: string): ServiceKey | undefined | Promise<ServiceKey | undefined>;
  /** Writes down who was used, and stops. */
  stop(): Promise<void>;
};

/** A change in the store is known here after so long at most. */
const RELOAD_MS = 5000;
/** A key that is not known may be new: the store is asked, ten times at once and then once a second at most. */
const LOOKS_MAX = 10;
const LOOK_MS = 1000;
/** While the store is away nobody can be asked, and keys that were good are good for so long. */
const OUTAGE_MS = 300_000;
const NOTE_MS = 60_000;

/** Reads all keys, and again every five seconds. */
export const openKeyBook = async (
  store: ServiceKeyVerbs,
  keyRing: KeyRing,
  clock: Clock,
  log: (event: LogEvent) => void,
): Promise<KeyBook> => {
  let keys = new Map<string, ServiceKey>();
  let readAtMs = -Infinity;
  let looks = LOOKS_MAX;
  let looksAtMs = clock.monotonicMs();
  let notedAtMs = clock.monotonicMs();
  let reading: Promise<void> | undefined;
  let isStopped = false;
  let cancel: (() => void) | undefined;
  /** Rows that nobody with the keeper's keys wrote: each is reported once. */
  const refused = new Set<string>();
  const used = new Map<string, Millis>();

  const read = async (): Promise<void> => {
    const startedMs = clock.monotonicMs();
    const all = await store.serviceKeys();
    const bound = all.filter((key) => isKeyBound(keyRing, key));
    for (const { name } of all.filter((key) => !bound.includes(key) && !refused.has(key.name))) {
      refused.add(name);
      log({ event: 'service_key.refused', name });
    }
    keys = new Map(bound.map((key) => [Buffer.from(key.digest).toString('hex'), key]));
    readAtMs = startedMs;
  };
  /** One read at a time; everybody who waits gets it. */
  const reload = (): Promise<void> => (reading ??= read().finally(() => (reading = undefined)));

  const noteUses = async (): Promise<void> => {
    notedAtMs = clock.monotonicMs();
    const uses = [...used].map(([name, usedAtMs]) => ({ name, usedAtMs }));
    used.clear();
    if (uses.length > 0) await store.noteServiceKeyUses(uses);
  };

  const survive = async (work: () => Promise<void>): Promise<void> => {
    try {
      await work();
    } catch (error) {
      if (!(error instanceof StoreError)) throw error;
      log({ event: 'store.failed', during: 'service_keys', reason: error.message });
    }
  };

  const schedule = (): void => {
    cancel = clock.inBackground(RELOAD_MS, () => {
      void survive(async () => {
        await reload();
        if (clock.monotonicMs() - notedAtMs >= NOTE_MS) await noteUses();
      }).finally(() => {
        if (!isStopped) schedule();
      });
    });
  };

  const valid = (key: ServiceKey | undefined): ServiceKey | undefined => {
    if (key === undefined) return undefined;
    const nowMs = clock.wallMs();
    if (key.expiresAtMs !== undefined && key.expiresAtMs <= nowMs) return undefined;
    if (!used.has(key.name)) used.set(key.name, nowMs);
    return key;
  };

  const mayLook = (): boolean => {
    const nowMs = clock.monotonicMs();
    looks = Math.min(LOOKS_MAX, looks + (nowMs - looksAtMs) / LOOK_MS);
    looksAtMs = nowMs;
    if (looks < 1) return false;
    looks -= 1;
    return true;
  };

  /** A key that is not known, or a book that is too old. */
  const look = async (digest: string): Promise<ServiceKey | undefined> => {
    if (mayLook()) {
      // A read that began before may not have seen the key.
      await reading?.catch(() => undefined);
      await reload();
    } else if (clock.monotonicMs() - readAtMs >= OUTAGE_MS)
      throw new StoreError('unavailable', 'no key can be checked');
    return valid(keys.get(digest));
  };

  await reload();
  schedule();
  return {
    find(text) {
      const digest = digestOfKey(text);
      if (digest === undefined) return undefined;
      const known = clock.monotonicMs() - readAtMs < OUTAGE_MS ? keys.get(digest) : undefined;
      return known === undefined ? look(digest) : valid(known);
    },
    async stop() {
      isStopped = true;
      cancel?.();
      await reading?.catch(() => undefined);
      await survive(noteUses);
    },
  };
};
