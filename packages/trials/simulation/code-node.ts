import type { Emit } from '@keyfob/server';
import { StoreError } from '@keyfob/server/errors';
import { createEndpoints } from '@keyfob/server/wire';
import { testRandomness } from '../support/test-randomness.ts';
import { createAuthentication } from '../support/authentication.ts';
import { decideCode } from './code-ledger.ts';
import { UNDER_WAY_MAX_MS } from './node.ts';
import type { CodeNode, CodeWorld } from './code-world.ts';
import type { Conduct } from '../support/memory-store/tables.ts';

/** A node that runs, on the store of the world. */
export const startCodeNode = (world: CodeWorld, number: number): CodeNode => {
  const node: CodeNode = {
    name: `node-${number}`,
    incarnation: 0,
    store: undefined as never,
    endpoints: undefined as never,
    skewMs: world.has('clock-skew') ? world.prng.between(-2000, 2000) : 0,
    storeFailures: 0,
    death: Promise.withResolvers(),
  };
  bringUp(world, node);
  return node;
};

/** Ends a node at once, with everything it was about, and starts it anew. */
export const restartCodeNode = (world: CodeWorld, node: CodeNode): void => {
  node.incarnation++;
  node.death.resolve();
  node.death = Promise.withResolvers();
  const { store } = node;
  world.schedule.after(UNDER_WAY_MAX_MS, () => void store.close());
  bringUp(world, node);
  world.trace(() => `${node.name} dies and starts anew`);
};

const bringUp = (world: CodeWorld, node: CodeNode): void => {
  let ring = world.keys.ring();
  let serial = 0;
  node.store = world.store.through(conductOf(world, node));
  const { store } = node;
  const emit: Emit = (event) => void world.log.push(event);
  node.endpoints = createEndpoints({
    issuer: 'https://fob.example',
    store,
    authentication: createAuthentication(store, emit),
    get keyRing() {
      return ring;
    },
    noticeKey(newest) {
      if (newest > ring.newest.number) ring = world.keys.ring();
      return newest > ring.newest.number;
    },
    nextSerial: () => serial++,
    clock: () => world.schedule.nowMs() + node.skewMs,
    randomness: testRandomness,
    emit,
  });
};

const never = (): Promise<never> => new Promise(() => {});

/** How a node's requests fare at the store: late, refused, undecided, or decided with nobody left to tell. */
const conductOf = (world: CodeWorld, node: CodeNode): Conduct => {
  const { prng, schedule } = world;
  const { incarnation } = node;
  const hasDied = (): boolean => node.incarnation !== incarnation;
  return async (verb, work, use) => {
    const record = use === undefined ? undefined : world.byCaller.get(use.caller);
    const fail = (kind: StoreError['kind']): StoreError => {
      node.storeFailures++;
      if (record !== undefined) record.storeFailure = kind;
      return new StoreError(kind, `the simulated store says ${kind}`);
    };
    await schedule.sleep(prng.between(0, 3));
    // What a process had sent to its database before it died may be done or not.
    if (hasDied() && (verb !== 'redeemCode' || prng.chance(0.5))) return never();
    if (world.isStoreAway || (world.has('store-away') && prng.chance(0.03))) throw fail('unavailable');
    if (use === undefined || record === undefined) return work();
    if (world.has('commits-lost') && prng.chance(0.15)) throw fail('outcome_unknown');
    const result = await decideCode(world, record, use.nowMs, work);
    const isAnswerLost = world.has('commit-answers-lost') && prng.chance(0.2);
    await schedule.sleep(isAnswerLost ? prng.between(1, 2000) : prng.between(0, 3));
    if (hasDied()) return never();
    if (isAnswerLost) throw fail('outcome_unknown');
    return result;
  };
};
