import { memoryStore, oauth, openKeeper, parseKeys } from '@keyfob/keeper';
import type { Clock, Keeper, KeeperOptions, StoreOpener, TokenResult } from '@keyfob/keeper';
import type { Store } from '@keyfob/keeper/stores';
import { createPrng } from '../../support/prng.ts';
import type { Prng } from '../../support/prng.ts';
import { createVirtualProvider } from './virtual-provider.ts';
import type { ProviderKind, Truth } from './virtual-provider.ts';
import { createVirtualTime } from './virtual-time.ts';
import type { VirtualTime } from './virtual-time.ts';

/** What a simulation is made from. The same seed does the same. */
export type SimulationOptions = {
  readonly seed: number;
  readonly kind: ProviderKind;
  readonly steps: number;
  readonly cars?: number;
};

/** What it showed. */
export type SimulationReport = {
  readonly steps: number;
  readonly days: number;
  readonly refreshes: number;
  readonly kills: number;
  readonly lostAnswers: number;
  readonly needsConsent: number;
  readonly recovered: number;
  readonly faults: readonly string[];
};

const KEEPERS = 3;
const KEYS = parseKeys([Buffer.alloc(32, 9).toString('base64url')]);
const REPEATS = {
  same_pair: { kind: 'overlap', seconds: 60 },
  new_pair: { kind: 'overlap', seconds: 60 },
  once: { kind: 'once' },
} as const;

type Running = { readonly keeper: Keeper; kill(): void };
type Simulation = {
  readonly time: VirtualTime;
  readonly prng: Prng;
  readonly truth: Truth;
  readonly options: Required<SimulationOptions>;
  readonly store: Store;
  readonly open: (number: number) => Promise<Running>;
  readonly counts: { kills: number; needsConsent: number; recovered: number };
  readonly deaths: Map<string, number>;
};

/** Three keepers on one store, with an unreliable provider, and processes that die. */
export const simulate = async ({ cars = 30, ...wanted }: SimulationOptions): Promise<SimulationReport> => {
  const simulation = await prepare({ cars, ...wanted });
  const { time, prng, truth, options, counts } = simulation;
  const startMs = time.nowMs();
  const keepers: (Running | undefined)[] = [];
  for (let number = 0; number < KEEPERS; number++) keepers.push(await simulation.open(number));
  for (let car = 0; car < cars; car++) await putCar(simulation, keepers[0]?.keeper, car);
  let steps = 0;
  while (steps < options.steps) {
    if (prng.chance(0.02)) ask(keepers[prng.between(0, KEEPERS - 1)], `car-${prng.between(0, cars - 1)}`);
    if (prng.chance(0.005)) killOne(simulation, keepers);
    if (!(await time.step(Infinity))) break;
    steps += 1;
  }
  truth.trouble = 0;
  await settle(simulation, keepers);
  await check(simulation, keepers);
  if (counts.needsConsent > (options.kind === 'once' ? truth.lostAnswers : 0))
    truth.faults.push(`${counts.needsConsent} grants ended, ${truth.lostAnswers} answers were lost`);
  for (const running of keepers) running?.kill();
  return {
    steps,
    days: Math.round((time.nowMs() - startMs) / 86_400_000),
    refreshes: truth.delivered.length,
    lostAnswers: truth.lostAnswers,
    ...counts,
    faults: truth.faults,
  };
};

const prepare = async (options: Required<SimulationOptions>): Promise<Simulation> => {
  const time = createVirtualTime();
  const prng = createPrng(options.seed);
  const truth = createVirtualProvider(options.kind, time, prng);
  const store = await memoryStore()(time.clock());
  const counts = { kills: 0, needsConsent: 0, recovered: 0 };
  const deaths = new Map<string, number>();
  let made = 0;
  const open = async (number: number): Promise<Running> => {
    let isDead = false;
    const clock = mortalClock(time.clock(), () => isDead);
    const keeperOptions: KeeperOptions = {
      store: mortalStore(store, () => isDead, prng, truth),
      keys: KEYS,
      clients: {
        cars: oauthClient(options.kind),
      },
      clock,
      transport: truth.transportOf(number, () => isDead),
      chance: () => prng.real(),
      newId: () => `id-${++made}`,
    };
    const keeper = await openKeeper(keeperOptions);
    keeper.on('*', ({ event, grantId = '', connections: [name = ''] }) => {
      if (event.kind === 'needs_consent') {
        counts.needsConsent += 1;
        deaths.set(grantId, (deaths.get(grantId) ?? 0) + 1);
        if ((deaths.get(grantId) ?? 0) > 1) truth.faults.push(`${grantId} died twice`);
        // The owner consents again.
        time.at(prng.between(1000, 60_000), () => {
          if (isDead) return;
          deaths.set(grantId, 0);
          void keeper.put(name, 'cars', { refreshToken: truth.newGrant() });
        });
      }
      if (event.kind === 'recovered') {
        counts.recovered += 1;
        deaths.set(grantId, 0);
      }
    });
    return {
      keeper,
      kill() {
        isDead = true;
      },
    };
  };
  return { time, prng, truth, options, store, open, counts, deaths };
};

const oauthClient = (kind: ProviderKind): ReturnType<typeof oauth> =>
  oauth({
    clientId: 'fleet',
    clientSecret: 'secret',
    url: 'https://provider.example/token',
    perSecondMax: 50,
    keepWarm: 'always',
    differences: { repeats: REPEATS[kind], lifetimes: { accessSeconds: 120, refreshSeconds: 60 * 86_400 } },
  });

const never = <Result>(): Promise<Result> => new Promise<Result>(() => undefined);

/** A dead process hears no alarm. */
const mortalClock = (clock: Clock, isDead: () => boolean): Clock => ({
  ...clock,
  after: (delayMs, alarm) => clock.after(delayMs, () => (isDead() ? undefined : alarm())),
  inBackground: (delayMs, alarm) => clock.after(delayMs, () => (isDead() ? undefined : alarm())),
});

/** A dead process gets no result, and a failing store gives none: before or after its commit. */
const mortalStore =
  (store: Store, isDead: () => boolean, prng: Prng, truth: Truth): StoreOpener =>
  async () => {
    const { StoreError } = await import('@keyfob/keeper');
    const wrap =
      <Args extends readonly unknown[], Result>(verb: (...args: Args) => Promise<Result>) =>
      async (...args: Args): Promise<Result> => {
        if (isDead()) return never();
        if (prng.chance(0.002 * truth.trouble)) throw new StoreError('unavailable', 'away');
        const result = await verb(...args);
        if (isDead()) return never();
        if (prng.chance(0.001 * truth.trouble)) throw new StoreError('outcome_unknown', 'cut off');
        return result;
      };
    return {
      ...store,
      find: wrap(store.find),
      read: wrap(store.read),
      claim: wrap(store.claim),
      settle: wrap(store.settle),
      renew: wrap(store.renew),
      takeDue: wrap(store.takeDue),
      leased: wrap(store.leased),
      close: async () => undefined,
    };
  };

const putCar = async ({ truth }: Simulation, keeper: Keeper | undefined, car: number): Promise<void> => {
  await keeper?.put(`car-${car}`, 'cars', { refreshToken: truth.newGrant() });
};

const ask = (running: Running | undefined, name: string): void => {
  void running?.keeper.tryToken(name, { minValidMs: 50_000 });
};

const killOne = (simulation: Simulation, keepers: (Running | undefined)[]): void => {
  const { prng, time, counts } = simulation;
  const number = prng.between(0, KEEPERS - 1);
  const running = keepers[number];
  // One process is always there: with none, an overlap of a minute can pass.
  if (running === undefined || keepers.filter((one) => one !== undefined).length < 2) return;
  counts.kills += 1;
  running.kill();
  keepers[number] = undefined;
  const reopen = async (): Promise<void> => {
    keepers[number] = await simulation.open(number);
  };
  time.at(prng.between(500, 60_000), () => {
    void reopen();
  });
};

/** Ten minutes without trouble: every waiting time of a keeper but that of a long outage. */
const settle = async ({ time }: Simulation, keepers: readonly (Running | undefined)[]): Promise<void> => {
  const endMs = time.nowMs() + 600_000;
  time.at(600_000, () => undefined);
  while (await time.step(endMs));
  if (keepers.every((running) => running === undefined)) throw new Error('no keeper came back');
};

const noteResult = async (
  asking: Promise<TokenResult> | undefined,
  asked: { result?: TokenResult },
): Promise<void> => {
  const result = await asking;
  if (result !== undefined) asked.result = result;
};

/** After all, every car that the keeper holds has a token that lives, and every death was announced once. */
const check = async (simulation: Simulation, keepers: readonly (Running | undefined)[]): Promise<void> => {
  const { time, truth, options, store, deaths } = simulation;
  const keeper = keepers.find((running) => running !== undefined)?.keeper;
  for (let car = 0; car < options.cars; car++) {
    const name = `car-${car}`;
    const grant = await store.find(name);
    if (grant === undefined) continue;
    const asked: { result?: TokenResult } = {};
    const asking = keeper?.tryToken(name, { waitMs: 600_000 });
    void noteResult(asking, asked);
    const endMs = time.nowMs() + 900_000;
    time.at(900_000, () => undefined);
    while (asked.result === undefined && (await time.step(endMs)));
    if (asked.result === undefined) truth.faults.push(`${name}: nobody answers`);
    if (asked.result?.status === 'unavailable')
      truth.faults.push(`${name} stays unavailable: ${asked.result.reason}`);
    const isDead = (await store.find(name))?.state === 'dead';
    if (isDead && deaths.get(grant.id) !== 1)
      truth.faults.push(`${name} died ${deaths.get(grant.id) ?? 0} times`);
  }
};
