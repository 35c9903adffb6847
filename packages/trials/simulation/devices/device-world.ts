import { createDialectScopes, DIALECTS } from '@keyfob/server/dialects';
import { createClientSecret, digestSecret } from '@keyfob/server/clients';
import { StoreError } from '@keyfob/server/errors';
import { registrationOf } from '@keyfob/server/tokens';
import { createEndpoints, createResourceServerRoutes } from '@keyfob/server/wire';
import type { EndpointContext } from '@keyfob/server/wire';
import { createAuthentication } from '../../support/authentication.ts';
import { createMemoryStore } from '../../support/memory-store/store.ts';
import type { MemoryStore } from '../../support/memory-store/store.ts';
import type { RunVerb } from '../../support/memory-store/tables.ts';
import { createPrng } from '../../support/prng.ts';
import type { Prng } from '../../support/prng.ts';
import { RESOURCE_RULES } from '../../support/resource-rules.ts';
import { createKeyMaker } from '../key-maker.ts';
import type { KeyMaker } from '../key-maker.ts';
import { createSchedule } from '../schedule.ts';
import type { Schedule } from '../schedule.ts';
import { DEVICE_FAULTS } from './records.ts';
import type { DeviceClient, DeviceFault, DeviceNode, DeviceRecord } from './records.ts';

/** A simulated deployment with its devices and their owners. */
export type DeviceWorld = {
  readonly prng: Prng;
  readonly schedule: Schedule;
  readonly store: MemoryStore;
  readonly keys: KeyMaker;
  readonly faults: ReadonlySet<DeviceFault>;
  readonly nodes: DeviceNode[];
  /** The client of the devices, and another one that has their codes. */
  readonly own: DeviceClient;
  readonly other: DeviceClient;
  readonly devices: DeviceRecord[];
  readonly violations: string[];
  isStoreAway: boolean;
  has(fault: DeviceFault): boolean;
  trace(line: () => string): void;
};

const RULES = { ...RESOURCE_RULES, scopes: createDialectScopes() };

const START_MS = 1_750_000_000_000;
/** Servers keep their clocks by NTP. */
const SKEW_MAX_MS = 2000;

export const createDeviceWorld = async (
  seed: number,
  report: ((line: string) => void) | undefined,
): Promise<DeviceWorld> => {
  const prng = createPrng(seed ^ 0x2545f491);
  const schedule = createSchedule(START_MS);
  const share = prng.pick([0, 0.2, 0.5]);
  const faults = new Set(DEVICE_FAULTS.filter(() => prng.chance(share)));
  const world: DeviceWorld = {
    prng,
    schedule,
    store: createMemoryStore(),
    keys: createKeyMaker(prng),
    faults,
    nodes: [],
    own: makeClient(prng, 'charger'),
    other: makeClient(prng, 'other'),
    devices: [],
    violations: [],
    isStoreAway: false,
    has: (fault) => faults.has(fault),
    trace: (line) => report?.(`${new Date(schedule.nowMs()).toISOString().slice(11, 23)} ${line()}`),
  };
  for (const { client } of [world.own, world.other]) await world.store.createClient(client);
  for (const key of world.keys.ring().keys) await world.store.registerKey(registrationOf(key));
  for (let number = prng.between(1, 3); number > 0; number--) world.nodes.push(createNode(world, number));
  return world;
};

const makeClient = (prng: Prng, id: string): DeviceClient => {
  const secret = createClientSecret({ bytes: prng.bytes });
  const createdAtMs = START_MS;
  const more = { name: 'first', createdAtMs, expiresAtMs: undefined, lastUsedAtMs: undefined };
  return {
    secret,
    client: {
      id,
      dialect: 'oauth',
      type: 'confidential',
      redirectUris: [],
      consentRedirectUri: undefined,
      name: id,
      policy: { ...DIALECTS.oauth.defaultPolicy, deviceFlow: true },
      createdAtMs,
      disabledAtMs: undefined,
      secrets: [{ id, digest: digestSecret(secret), ...more }],
    },
  };
};

const createNode = (world: DeviceWorld, number: number): DeviceNode => {
  const node: DeviceNode = {
    name: `node-${number}`,
    skewMs: world.has('clock-skew') ? world.prng.between(-SKEW_MAX_MS, SKEW_MAX_MS) : 0,
    incarnation: 0,
    store: undefined as never,
    endpoints: undefined as never,
    storeFailures: 0,
    death: Promise.withResolvers(),
  };
  startProcess(world, node);
  return node;
};

/** Kills a node with all its work, and starts it again. */
export const restartDeviceNode = (world: DeviceWorld, node: DeviceNode): void => {
  node.incarnation++;
  node.death.resolve();
  node.death = Promise.withResolvers();
  startProcess(world, node);
  world.trace(() => `${node.name} dies and starts again`);
};

const startProcess = (world: DeviceWorld, node: DeviceNode): void => {
  node.store = world.store.through(faultyRun(world, node));
  const context: EndpointContext = {
    issuer: 'https://fob.example',
    mtlsUrl: undefined,
    store: node.store,
    authentication: createAuthentication(node.store, () => {}),
    keyRing: world.keys.ring(),
    noticeKeys: () => false,
    nextSerial: () => 0,
    clock: () => world.schedule.nowMs() + node.skewMs,
    doubt: () => undefined,
    // Codes come from the seed, so that a seed is the same each time.
    randomness: { bytes: world.prng.bytes, uuid: () => crypto.randomUUID(), fraction: world.prng.real },
    emit: () => {},
  };
  node.endpoints = createEndpoints(context, [createResourceServerRoutes(context, RULES)]);
};

const never = (): Promise<never> => new Promise(() => {});

/** Runs a node's verbs with faults: refused, with an unknown outcome, or decided after the node has died. */
const faultyRun = (world: DeviceWorld, node: DeviceNode): RunVerb => {
  const { prng, schedule } = world;
  const { incarnation } = node;
  const hasDied = (): boolean => node.incarnation !== incarnation;
  const fail = (kind: StoreError['kind']): StoreError => {
    node.storeFailures++;
    return new StoreError(kind, `the simulated store reports ${kind}`);
  };
  return async (verb, work) => {
    await schedule.sleep(prng.between(0, 3));
    // A statement that a process sent before it died may run or be lost.
    if (hasDied() && prng.chance(0.5)) return never();
    if (world.isStoreAway) throw fail('unavailable');
    const result = await work();
    await schedule.sleep(prng.between(0, 3));
    if (hasDied()) return never();
    const mayBeLost = /^(?:createDevice|settleDevice|pollDevice|redeem)/.test(verb);
    if (mayBeLost && world.has('commit-answers-lost') && prng.chance(0.15)) throw fail('outcome_unknown');
    return result;
  };
};
