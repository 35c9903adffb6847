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

/** A token bucket and a limit of concurrency per client. */
export const createBudget = (clients: ReadonlyMap<string, Client>, clock: Clock): Budget => {
  const accounts = new Map<string, Account>();
  for (const [name, { perSecondMax, concurrencyMax }] of clients)
    accounts.set(name, {
      perSecondMax,
      concurrencyMax,
      tokens: perSecondMax * BURST_SECONDS,
      filledAtMs: clock.monotonicMs(),
      running: 0,
      wanted: [],
      scheduled: [],
      isWaking: false,
    });

  const accountOf = (client: string): Account => {
    const account = accounts.get(client);
    if (account === undefined) throw new Error(`no client "${client}"`);
    const nowMs = clock.monotonicMs();
    const earned = ((nowMs - account.filledAtMs) / 1000) * account.perSecondMax;
    account.tokens = Math.min(account.perSecondMax * BURST_SECONDS, account.tokens + earned);
    account.filledAtMs = nowMs;
    return account;
  };

  const next = (account: Account): (() => void) | undefined => {
    if (account.running >= account.concurrencyMax) return undefined;
    if (account.wanted.length > 0 && account.tokens >= 1 - account.perSecondMax * OVERDRAFT_SECONDS)
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
    clock.inBackground(1000 / account.perSecondMax, () => {
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
