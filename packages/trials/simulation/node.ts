import type { Emit } from '@keyfob/server';
import { StoreError } from '@keyfob/server/errors';
import type { Store } from '@keyfob/server/stores';
import { parseKeyRing, SERIAL_MAX } from '@keyfob/server/tokens';
import type { KeyRing } from '@keyfob/server/tokens';
import { createEndpoints } from '@keyfob/server/wire';
import type { Endpoints } from '@keyfob/server/wire';
import { testRandomness } from '../support/test-randomness.ts';
import { createAuthentication } from '../support/authentication.ts';
import { decide } from './ledger.ts';
import type { Conduct } from '../support/memory-store/tables.ts';
import type { Prng } from '../support/prng.ts';
import type { World } from './world.ts';

/** One server of the deployment. It dies and comes back; nothing but the store and the key ring outlives it. */
export type Node = {
  readonly name: string;
  /** Counts its lives. */
  incarnation: number;
  /** The store as this life of it has it. */
  store: Store;
  endpoints: Endpoints;
  /** How far its clock is ahead of the true time. */
  skewMs: number;
  /** Counts what the store refused it. */
  storeFailures: number;
  /** Resolves when this life ends. */
  death: { readonly promise: Promise<void>; readonly resolve: () => void };
};

/** The key ring as all nodes may read it again, and what adds a key to it. */
export type KeyMaker = { ring(): KeyRing; lines(): readonly string[]; add(createdAt: number): void };

export const createKeyMaker = (prng: Prng): KeyMaker => {
  const lines: string[] = [];
  let ring: KeyRing | undefined;
  const add = (createdAt: number): void => {
    lines.push(`${lines.length + 1}:${createdAt}:${prng.bytes(32).toString('base64url')}`);
    ring = parseKeyRing(lines.join('\n'));
  };
  add(1);
  return { ring: () => ring ?? parseKeyRing(lines.join('\n')), lines: () => lines, add };
};

/** A node that runs, on the store of the world. */
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
  bringUp(world, node);
  return node;
};

/** What a node had sent to its database when it died has been done by then, or never is. */
export const UNDER_WAY_MAX_MS = 10_000;

/** Ends a node at once, with everything it was about, and starts it anew. */
export const restartNode = (world: World, node: Node): void => {
  node.incarnation++;
  node.death.resolve();
  node.death = Promise.withResolvers();
  const { store } = node;
  world.schedule.after(UNDER_WAY_MAX_MS, () => void store.close());
  bringUp(world, node);
  world.trace(() => `${node.name} dies and starts anew`);
};

const bringUp = (world: World, node: Node): void => {
  let ring = world.keys.ring();
  let serial = 0;
  for (const { number, createdAt, fingerprint } of ring.keys)
    void world.store.registerKey({ number, createdAt, fingerprint });
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
    nextSerial: () => (serial = serial === SERIAL_MAX ? 0 : serial + 1),
    clock: () => world.schedule.nowMs() + node.skewMs,
    randomness: testRandomness,
    emit,
  });
};

const never = (): Promise<never> => new Promise(() => {});

/** How a node's requests fare at the store: late, refused, undecided, or decided with nobody left to tell. */
const conductOf = (world: World, node: Node): Conduct => {
  const { prng, schedule } = world;
  const { incarnation } = node;
  const hasDied = (): boolean => node.incarnation !== incarnation;
  return async (verb, work, use) => {
    const presentation = use === undefined ? undefined : world.byCaller.get(use.caller);
    const fail = (kind: StoreError['kind']): StoreError => {
      node.storeFailures++;
      if (presentation !== undefined) presentation.storeFailure = kind;
      return new StoreError(kind, `the simulated store says ${kind}`);
    };
    await schedule.sleep(
      world.has('slow-store') && prng.chance(0.2) ? prng.between(10, 9000) : prng.between(0, 3),
    );
    // What a process had sent to its database before it died may be done or not.
    if (hasDied() && (verb !== 'refresh' || prng.chance(0.5))) return never();
    if (world.isStoreAway || (world.has('store-away') && prng.chance(0.02))) throw fail('unavailable');
    if (use === undefined || presentation === undefined) return work();
    if (world.has('commits-lost') && prng.chance(0.05)) throw fail('outcome_unknown');
    const result = await decide(world, presentation, use.nowMs, work);
    const isAnswerLost = world.has('commit-answers-lost') && prng.chance(0.08);
    await schedule.sleep(isAnswerLost ? prng.between(1, 2000) : prng.between(0, 3));
    if (hasDied()) return never();
    if (isAnswerLost) throw fail('outcome_unknown');
    return result;
  };
};
