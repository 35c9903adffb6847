import { StoreError } from '@keyfob/server/errors';
import { createEndpoints } from '@keyfob/server/wire';
import type { Emit } from '@keyfob/server';
import { registrationOf, SERIAL_MAX } from '@keyfob/server/tokens';
import { createAuthentication } from '../support/authentication.ts';
import { testRandomness } from '../support/test-randomness.ts';
import type { RunVerb } from '../support/memory-store/tables.ts';
import { decide } from './ledger.ts';
import { startClock } from './node-clock.ts';
import type { Node, Presentation } from './records.ts';
import type { World } from './world.ts';

/** Starts a node on the store of the simulation. */
export const startNode = (world: World, number: number): Node => {
  const node: Node = {
    name: `node-${number}`,
    incarnation: 0,
    store: undefined as never,
    endpoints: undefined as never,
    skewMs: world.has('clock-skew') ? world.prng.between(-2000, 2000) : 0,
    storeFailures: 0,
    death: Promise.withResolvers(),
  };
  startProcess(world, node);
  return node;
};

/** After this time, the last statements of a dead node have either run or are lost. */
const IN_FLIGHT_MAX_MS = 10_000;

/** Kills a node with all its work, and starts it again. */
export const restartNode = (world: World, node: Node): void => {
  node.incarnation++;
  node.death.resolve();
  node.death = Promise.withResolvers();
  const { store } = node;
  world.schedule.after(IN_FLIGHT_MAX_MS, () => void store.close());
  startProcess(world, node);
  world.trace(() => `${node.name} dies and starts again`);
};

const startProcess = (world: World, node: Node): void => {
  let ring = world.keys.ring();
  let serial = 0;
  for (const key of ring.keys) void world.store.registerKey(registrationOf(key));
  node.store = world.store.through(faultyRun(world, node));
  const { store } = node;
  const time = startClock(world, node);
  const emit: Emit = (event) => void world.log.push(event);
  node.endpoints = createEndpoints({
    issuer: 'https://fob.example',
    store,
    authentication: createAuthentication(store, emit),
    get keyRing() {
      return ring;
    },
    noticeKeys(registered) {
      const newest = Math.max(0, ...registered.map(({ number }) => number));
      if (newest > ring.newestNumber) ring = world.keys.ring();
      return newest > ring.newestNumber;
    },
    nextSerial: () => (serial = serial === SERIAL_MAX ? 0 : serial + 1),
    clock: time.now,
    doubt: time.doubt,
    randomness: testRandomness,
    emit,
  });
};

const never = (): Promise<never> => new Promise(() => {});

/** How often the store fails. Codes are presented only a few times, so their faults are more frequent. */
const FAILURE_RATES: Readonly<
  Record<
    Presentation['kind'],
    { readonly unavailable: number; readonly commitLost: number; readonly answerLost: number }
  >
> = {
  refresh: { unavailable: 0.02, commitLost: 0.05, answerLost: 0.08 },
  code: { unavailable: 0.03, commitLost: 0.15, answerLost: 0.2 },
};

/** Runs a node's verbs with faults: late, refused, with an unknown outcome, or decided after the node has died. */
const faultyRun = (world: World, node: Node): RunVerb => {
  const { prng, schedule } = world;
  const { incarnation } = node;
  const hasDied = (): boolean => node.incarnation !== incarnation;
  return async (_verb, work, use) => {
    const presentation = use === undefined ? undefined : world.byCaller.get(use.caller);
    const rates = FAILURE_RATES[presentation?.kind ?? 'refresh'];
    const fail = (kind: StoreError['kind']): StoreError => {
      node.storeFailures++;
      if (presentation !== undefined) presentation.storeFailure = kind;
      return new StoreError(kind, `the simulated store reports ${kind}`);
    };
    await schedule.sleep(
      world.has('slow-store') && prng.chance(0.2) ? prng.between(10, 9000) : prng.between(0, 3),
    );
    // A statement that a process sent before it died may run or be lost.
    if (hasDied() && (use === undefined || prng.chance(0.5))) return never();
    if (world.isStoreUnavailable || (world.has('store-away') && prng.chance(rates.unavailable)))
      throw fail('unavailable');
    if (use === undefined || presentation === undefined) return work();
    if (world.has('commits-lost') && prng.chance(rates.commitLost)) throw fail('outcome_unknown');
    const result = await decide(world, presentation, use, work);
    const isAnswerLost = world.has('commit-answers-lost') && prng.chance(rates.answerLost);
    await schedule.sleep(isAnswerLost ? prng.between(1, 2000) : prng.between(0, 3));
    if (hasDied()) return never();
    if (isAnswerLost) throw fail('outcome_unknown');
    return result;
  };
};
