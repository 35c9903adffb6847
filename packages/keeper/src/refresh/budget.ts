import type { Client } from '../providers/clients.ts';
import type { Clock, Millis } from '../time.ts';

/** How many refreshes a client may start, and how many may run. Per process. */
export type Budget = {
  /** Runs work when the budget allows. What somebody waits for comes first, and may overdraw the rate. */
  run<Result>(client: string, isWanted: boolean, work: () => Promise<Result>): Promise<Result>;
  /** How many scheduled refreshes may start now. */
  room(client: string): number;
  /** How many run or wait. */
  running(): number;
};

type Account = {
  readonly perSecondMax: number;
  readonly shareOf: () => number;
  readonly concurrencyMax: number;
  tokens: number;
  filledAtMs: Millis;
  running: number;
  readonly wanted: (() => void)[];
  readonly scheduled: (() => void)[];
  isWaking: boolean;
};

/** Unused budget of so many seconds is kept. */
const BURST_SECONDS = 3;
/** What is waited for may use the budget of so many seconds in advance. */
const OVERDRAFT_SECONDS = 10;

/** A client that was slowed down to almost nothing still looks so often whether it may go on. */
const WAKE_MAX_MS = 10_000;

/**
 * A token bucket and a limit of concurrency per client. `shareOf` is the part of its rate that a client may use at this
 * moment, from 0 to 1.
 */
export const createBudget = (
  clients: ReadonlyMap<string, Client>,
  clock: Clock,
  shareOf: (client: string) => number,
): Budget => {
  const accounts = new Map<string, Account>();
  for (const [name, { perSecondMax, concurrencyMax }] of clients)
    accounts.set(name, {
      perSecondMax,
      shareOf: () => shareOf(name),
      concurrencyMax,
      tokens: perSecondMax * BURST_SECONDS,
      filledAtMs: clock.monotonicMs(),
      running: 0,
      wanted: [],
      scheduled: [],
      isWaking: false,
    });

  const rateOf = ({ perSecondMax, shareOf: share }: Account): number => perSecondMax * share();

  const accountOf = (client: string): Account => {
    const account = accounts.get(client);
    if (account === undefined) throw new Error(`no client "${client}"`);
    const nowMs = clock.monotonicMs();
    const perSecond = rateOf(account);
    const earned = ((nowMs - account.filledAtMs) / 1000) * perSecond;
    account.tokens = Math.min(Math.max(1, perSecond * BURST_SECONDS), account.tokens + earned);
    account.filledAtMs = nowMs;
    return account;
  };

  const next = (account: Account): (() => void) | undefined => {
    if (account.running >= account.concurrencyMax) return undefined;
    if (account.wanted.length > 0 && account.tokens >= 1 - rateOf(account) * OVERDRAFT_SECONDS)
      return account.wanted.shift();
    return account.wanted.length === 0 && account.tokens >= 1 ? account.scheduled.shift() : undefined;
  };

  const startWaiting = (client: string): void => {
    const account = accountOf(client);
    for (let start = next(account); start !== undefined; start = next(account)) {
      account.running += 1;
      account.tokens -= 1;
      start();
    }
    const isHeldByRate =
      account.running < account.concurrencyMax && account.wanted.length + account.scheduled.length > 0;
    if (!isHeldByRate || account.isWaking) return;
    account.isWaking = true;
    clock.inBackground(Math.min(WAKE_MAX_MS, 1000 / rateOf(account)), () => {
      account.isWaking = false;
      startWaiting(client);
    });
  };

  return {
    async run(client, isWanted, work) {
      const account = accountOf(client);
      await new Promise<void>((resolve) => {
        (isWanted ? account.wanted : account.scheduled).push(resolve);
        startWaiting(client);
      });
      try {
        return await work();
      } finally {
        account.running -= 1;
        startWaiting(client);
      }
    },
    room(client) {
      const account = accountOf(client);
      const waiting = account.wanted.length + account.scheduled.length;
      return Math.max(
        0,
        Math.floor(Math.min(account.tokens, account.concurrencyMax - account.running)) - waiting,
      );
    },
    running: () =>
      [...accounts.values()].reduce(
        (sum, { running, wanted, scheduled }) => sum + running + wanted.length + scheduled.length,
        0,
      ),
  };
};
