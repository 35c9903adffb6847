import { join } from 'node:path';
import { sqliteStore } from '@keyfob/keeper';
import type { Clock, Exchange, Keeper, StoreOpener, Transport } from '@keyfob/keeper';
import { createVirtualTime } from '../../keeper/simulation/virtual-time.ts';
import { FILE, hotName, openFleet } from './fleet.ts';
import type { Plan } from './plan.ts';

/** The fleet in virtual time, on the real store. */
export type VirtualFleet = {
  readonly keeper: Keeper;
  /** Virtual moments at which a request was sent. */
  readonly sentMs: number[];
  /** How late the schedule took what was due, in order. */
  readonly lagsMs: number[];
  nowMs(): number;
  setDown(isDown: boolean): void;
  /** Lets time pass, while the cars in use are asked for. */
  run(ms: number, onProgress: (done: number, total: number) => void): Promise<void>;
  close(): Promise<void>;
};

const ANSWER_MS = 200;
const ASK_EVERY_MS = 60_000;
/** Each car in use is asked for every so many minutes. */
const ROUNDS = 20;

/** Opens the fleet with a clock that moves from event to event, and a provider that answers after a fifth of a second. */
export const openVirtualFleet = async (plan: Plan): Promise<VirtualFleet> => {
  const time = createVirtualTime();
  const aheadMs = Date.now() - time.nowMs();
  const clock: Clock = time.clock(aheadMs);
  const sentMs: number[] = [];
  const lagsMs: number[] = [];
  let isDown = false;
  let made = 0;
  const wait = (ms: number): Promise<void> => new Promise((resolve) => void time.at(ms, resolve));
  const transport: Transport = async ({ url }, { maySend }) => {
    sentMs.push(time.nowMs());
    if (isDown) {
      await wait(1);
      return { kind: 'not_sent', why: 'ECONNREFUSED' };
    }
    if (!(await maySend())) return { kind: 'not_sent', why: 'lease_lost' };
    await wait(ANSWER_MS);
    made += 1;
    return answerOf(url.includes('pleos'), made);
  };
  const busy = { verbs: 0 };
  const store = observe(sqliteStore(join(plan.directory, FILE)), busy, (lagMs) => void lagsMs.push(lagMs));
  const keeper = await openFleet(plan, { store, clock, transport, isScheduling: true });
  /** The store works in real time: until it has answered, no virtual time passes. */
  const settle = async (): Promise<void> => {
    do await new Promise((resolve) => void setImmediate(resolve));
    while (busy.verbs > 0);
  };
  const run: VirtualFleet['run'] = async (ms, onProgress) => {
    const startMs = time.nowMs();
    let round = 0;
    const ask = (): void => {
      if (time.nowMs() >= startMs + ms) return;
      for (let car = round++ % ROUNDS; car < plan.hot; car += ROUNDS) void keeper.tryToken(hotName(car));
      time.at(ASK_EVERY_MS, ask);
    };
    ask();
    time.at(ms, () => undefined);
    let steps = 0;
    while (await time.step(startMs + ms)) {
      await settle();
      if (++steps % 200 === 0) onProgress(time.nowMs() - startMs, ms);
    }
  };
  return {
    keeper,
    sentMs,
    lagsMs,
    nowMs: time.nowMs,
    setDown(now) {
      isDown = now;
    },
    run,
    async close() {
      const closing = keeper.close({ waitMs: 0 });
      const state = { isClosed: false };
      void closing.then(() => (state.isClosed = true));
      while (!state.isClosed) {
        time.at(10, () => undefined);
        await time.step(Infinity);
        await settle();
      }
    },
  };
};

const answerOf = (isPleos: boolean, number: number): Exchange => {
  const [access, refresh] = [`access-${number}`.padEnd(36, 'y'), `refresh-${number}`.padEnd(36, 'y')];
  const body = isPleos
    ? { data: { accessToken: access, refreshToken: refresh } }
    : { access_token: access, refresh_token: refresh, expires_in: 7200 };
  return { kind: 'answered', status: 200, headers: {}, body: JSON.stringify(body) };
};

type Busy = { verbs: number };

const counting =
  (busy: Busy) =>
  <Args extends readonly unknown[], Result>(verb: (...args: Args) => Promise<Result>) =>
  async (...args: Args): Promise<Result> => {
    busy.verbs += 1;
    try {
      return await verb(...args);
    } finally {
      busy.verbs -= 1;
    }
  };

/** A store whose verbs are counted while they run, and that says how late each due grant was taken. */
const observe =
  (open: StoreOpener, busy: Busy, onLag: (lagMs: number) => void): StoreOpener =>
  async (clock) => {
    const store = await open(clock);
    const count = counting(busy);
    const takeDue = count(store.takeDue);
    return {
      ...store,
      find: count(store.find),
      read: count(store.read),
      claim: count(store.claim),
      settle: count(store.settle),
      touch: count(store.touch),
      prune: count(store.prune),
      renew: count(store.renew),
      writeClient: count(store.writeClient),
      pullForward: count(store.pullForward),
      takeEvents: count(store.takeEvents),
      ackEvents: count(store.ackEvents),
      async takeDue(take) {
        const grants = await takeDue(take);
        for (const { due } of grants) if (due !== undefined) onLag(store.nowMs() - due.atMs);
        return grants;
      },
    };
  };
