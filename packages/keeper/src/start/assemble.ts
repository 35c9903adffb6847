import { DEFAULT_TIMING } from '../grants/timing.ts';
import { createClientBook } from '../refresh/client-book.ts';
import type { Engine, LogEvent } from '../refresh/engine.ts';
import { sendByHttp } from '../refresh/exchange.ts';
import { createLeases } from '../refresh/leases.ts';
import { newId } from '../refresh/new-id.ts';
import { ownerName } from '../refresh/owner.ts';
import { NO_SPOOL, openSpool } from '../refresh/spool.ts';
import type { TokenCache } from '../refresh/token-cache.ts';
import type { Store } from '../stores/store.ts';
import { systemClock } from '../time.ts';
import type { KeeperOptions } from './options.ts';

/** An engine, and the work that must be over before its store is closed. */
export type Assembled = {
  readonly engine: Engine;
  /** Who gets every log event besides the log. */
  readonly observers: Set<(event: LogEvent) => void>;
  /** Answers that the store has not taken yet. */
  readonly unsaved: ReadonlySet<Promise<void>>;
  /** What is not stored by now stays in the spool. */
  giveUp(): void;
};

/** The parts of one refresh, from the options of a keeper. */
export const assemble = (options: KeeperOptions, store: Store, cache: TokenCache): Assembled => {
  const { keys, clock = systemClock, log = () => undefined, atStep = () => undefined } = options;
  const chance = options.chance ?? Math.random;
  const clients = new Map(Object.entries(options.clients));
  const timing = { ...DEFAULT_TIMING, ...options.timing };
  const makeId = options.newId ?? (() => newId(clock.wallMs()));
  const owner = ownerName(makeId());
  const unsaved = new Set<Promise<void>>();
  const observers = new Set<(event: LogEvent) => void>();
  const end = new AbortController();
  const transport = options.transport ?? sendByHttp;
  const engine: Engine = {
    store,
    keys,
    clients,
    clock,
    timing,
    log(event) {
      log(event);
      for (const observe of observers) observe(event);
    },
    atStep,
    book: createClientBook(clients, store, timing, chance),
    leases: createLeases(store, owner, timing.leaseMs, clock),
    spool: store.spoolDirectory === undefined ? NO_SPOOL : openSpool(store.spoolDirectory, owner),
    unsaved: {
      track(work) {
        unsaved.add(work);
        void work.finally(() => unsaved.delete(work));
      },
      isGivenUp: () => end.signal.aborted,
      givenUp: end.signal,
    },
    offered: new Set(),
    late: new Map(),
    transport: (request, how) => transport(request, { ...how, givenUp: end.signal }),
    chance,
    newId: makeId,
    askedAt: cache.askedAt,
  };
  return {
    engine,
    observers,
    unsaved,
    giveUp: () => end.abort(),
  };
};
