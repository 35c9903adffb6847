import { closeSync, readdirSync, readlinkSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import { StoreError, oauth, openKeeper, parseKeys } from '@keyfob/keeper';
import type { Keeper, StoreOpener } from '@keyfob/keeper';
import type { Store } from '@keyfob/keeper/stores';
import type { Prng } from '../../support/prng.ts';
import { ACCESS_SECONDS } from './answers.ts';
import type { Checker } from './checker.ts';
import { EXCHANGE_SECONDS } from './network.ts';
import type { Network } from './network.ts';
import type { Plan } from './plan.ts';
import type { VirtualProcess } from './process.ts';
import { RULES } from './virtual-provider.ts';

/** The store that all processes share, and how it fails them. */
export type SharedStore = {
  readonly store: Store;
  readonly directory: string;
  isAway(): boolean;
  /** Whether a call fails: before its work is done, or after. */
  failure(): 'before' | 'after' | undefined;
};

const KEYS = parseKeys([Buffer.alloc(32, 9).toString('base64url')]);

/** Opens a keeper in a process of the simulation. */
export const openKeeperIn = async (
  process: VirtualProcess,
  parts: {
    readonly plan: Plan;
    readonly prng: Prng;
    readonly shared: SharedStore;
    readonly network: Network;
    readonly checker: Checker;
    readonly newId: () => string;
    readonly strike: (process: VirtualProcess, car: string) => void;
    /** The name of the client in its settings. */
    readonly client?: string;
  },
): Promise<Keeper> => {
  const { plan, prng, network, newId, client = 'cars' } = parts;
  return openKeeper({
    store: reach(process, parts),
    keys: KEYS,
    clients: { [client]: clientOf(plan) },
    clock: process.clock,
    transport: network.transportOf(process),
    chance: () => prng.real(),
    newId,
  });
};

const clientOf = ({ kind }: Plan): ReturnType<typeof oauth> => {
  const { overlapMs, isUntilUsed } = RULES[kind];
  const repeats = isUntilUsed
    ? ({ kind: 'free' } as const)
    : overlapMs > 0
      ? ({ kind: 'overlap', seconds: overlapMs / 1000 } as const)
      : ({ kind: 'once' } as const);
  return oauth({
    clientId: 'fleet',
    clientSecret: 'secret',
    url: 'https://provider.example/token',
    perSecondMax: 50,
    concurrencyMax: 100,
    keepWarm: 'always',
    differences: {
      repeats,
      exchangeSeconds: EXCHANGE_SECONDS,
      lifetimes: { accessSeconds: ACCESS_SECONDS, refreshSeconds: 60 * 86_400 },
    },
  });
};

/** What a process knows without asking the disk. */
const SYNCHRONOUS: ReadonlySet<string> = new Set(['nowMs', 'latest', 'useBinder']);

const never = <Result>(): Promise<Result> => new Promise<Result>(() => undefined);

/** The shared store as one process reaches it. A dead process gets no result, a stopped one gets it later. */
const reach =
  (
    process: VirtualProcess,
    parts: {
      readonly shared: SharedStore;
      readonly checker: Checker;
      readonly strike: (process: VirtualProcess, car: string) => void;
    },
  ): StoreOpener =>
  async () => {
    const { shared, checker } = parts;
    const { store } = shared;
    const call =
      <Args extends readonly unknown[], Result>(
        verb: (...args: Args) => Promise<Result>,
        note: (result: Result, ...args: Args) => void = () => undefined,
        noteEnd: (...args: Args) => void = () => undefined,
      ) =>
      async (...args: Args): Promise<Result> => {
        if (process.isDead()) return never();
        const failure = shared.isAway() ? 'before' : shared.failure();
        try {
          if (failure !== undefined) process.upset();
          if (failure === 'before') throw new StoreError('unavailable', 'the store is away');
          const result = await verb(...args);
          note(result, ...args);
          if (process.isDead()) return await never<Result>();
          if (failure === 'after') throw new StoreError('outcome_unknown', 'the store was cut off');
          return result;
        } finally {
          if (!process.isDead()) noteEnd(...args);
        }
      };
    const verbs = Object.fromEntries(
      Object.entries(store).map(([name, verb]) => [
        name,
        typeof verb === 'function' && !SYNCHRONOUS.has(name) ? call(verb.bind(store) as never) : verb,
      ]),
    ) as unknown as Store;
    return {
      ...verbs,
      claim: call(store.claim, (grant, _id, _seen, { leaseMs }) => {
        if (grant === undefined) return;
        checker.sends.claimed(process, grant, leaseMs);
        parts.strike(process, '');
      }),
      renew: call(store.renew, (fences, _owner, leaseMs) =>
        checker.sends.renewed(process, fences.keys(), leaseMs),
      ),
      settle: call(
        store.settle,
        ({ isDone, grant }, _id, seen) => {
          if (isDone && grant !== undefined) {
            checker.deaths.settled(seen, grant);
            checker.sends.released(grant.id, grant.state === 'active');
          }
          parts.strike(process, '');
        },
        (id, _seen, { pair }) => {
          if (pair !== undefined) checker.deaths.offered(process, id);
        },
      ),
      spoolDirectory: shared.directory,
      close: async () => undefined,
    };
  };

/**
 * The spool of a process that has died: its number is that of this process, which lives, so it becomes as old as that of a
 * container that is silent. The next start takes in what is in it, and deletes it.
 */
export const retireSpool = (directory: string, ownerId: string): void => {
  for (const name of readdirSync(directory))
    if (
      Buffer.from(name.replace(/\.spool$/, ''), 'base64url')
        .toString()
        .startsWith(`${ownerId}|`)
    )
      utimesSync(join(directory, name), LONG_AGO, LONG_AGO);
};

const LONG_AGO = new Date(0);

/** A killed keeper cannot close its files, and lives on in this process. */
export const closeFilesIn = (directory: string): void => {
  for (const name of readdirSync('/proc/self/fd')) {
    try {
      if (readlinkSync(`/proc/self/fd/${name}`).startsWith(directory)) closeSync(Number(name));
    } catch {
      // It was the one that reads the list.
    }
  }
};
