import { digestSecret } from '@keyfob/server/clients';
import { DIALECTS } from '@keyfob/server/dialects';
import { createPrng } from '../support/prng.ts';
import type { Prng } from '../support/prng.ts';
import { createKeyMaker } from './key-maker.ts';
import { startNode } from './node.ts';
import type { ClientPlan, Plan } from './plan.ts';
import type { ClientRecord, Violation } from './records.ts';
import { createSchedule } from './schedule.ts';
import type { OpenStore } from './simulated-store.ts';
import type { World } from './world.ts';

/** The first moment of every simulation: a Sunday in June 2025. */
export const START_MS = 1_750_000_000_000;

/** A simulated deployment at its start: with registered clients and running nodes, without grants. */
export const createWorld = async (
  plan: Plan,
  seed: number,
  report: ((line: string) => void) | undefined,
  openStore: OpenStore,
): Promise<World> => {
  const prng = createPrng(seed ^ 0x5bd1e995);
  const schedule = createSchedule(START_MS);
  const keys = createKeyMaker(prng);
  const violations: Violation[] = [];
  const stamp = (): string => new Date(schedule.nowMs()).toISOString().slice(8, 23);
  const trace = (line: () => string): void => report?.(`${stamp()} ${line()}`);
  const secrets = new Set<string>();
  const register = (clientPlan: ClientPlan): ClientRecord => makeClient(clientPlan, prng, secrets);
  const violate = (checker: string, what: string): void => {
    violations.push({ checker, what });
    trace(() => `VIOLATION of ${checker}: ${what}`);
  };
  const world: World = {
    plan,
    prng,
    schedule,
    store: await openStore({ schedule, onFailure: (what) => violate('store', what) }),
    keys,
    nodes: [],
    clients: plan.clients.map(register),
    grants: [],
    outsiders: { smartcar: register(outsider('smartcar')), pleos: register(outsider('pleos')) },
    presentations: [],
    byCaller: new WeakMap(),
    log: [],
    secrets,
    violations,
    isStoreUnavailable: false,
    seenAtMs: undefined,
    decisions: 0,
    failovers: 0,
    consentedAtMs: -Infinity,
    onConsent: [],
    has: (fault) => plan.faults.has(fault),
    violate,
    trace,
  };
  for (const { client } of [...world.clients, ...Object.values(world.outsiders)])
    await world.store.createClient(client);
  for (let number = 1; number <= plan.nodes; number++) world.nodes.push(startNode(world, number));
  return world;
};

const outsider = (dialect: 'smartcar' | 'pleos'): ClientPlan => ({
  name: `outsider-${dialect}`,
  dialect,
  type: 'confidential',
  policy: DIALECTS[dialect].defaultPolicy,
  keys: 'none',
  grants: [],
});

const makeClient = (plan: ClientPlan, prng: Prng, secrets: Set<string>): ClientRecord => {
  const { name, dialect, type, policy } = plan;
  const secret = type === 'public' ? undefined : prng.bytes(32).toString('base64url');
  if (secret !== undefined) secrets.add(secret);
  const createdAtMs = START_MS;
  const more = { name: 'first', createdAtMs, expiresAtMs: undefined, lastUsedAtMs: undefined };
  return {
    plan,
    secret,
    client: {
      id: name,
      dialect,
      type,
      redirectUris: [],
      consentRedirectUri: undefined,
      name,
      policy,
      createdAtMs,
      disabledAtMs: undefined,
      secrets: secret === undefined ? [] : [{ id: name, digest: digestSecret(secret), ...more }],
    },
    isDisabled: false,
    changedAtMs: START_MS,
    onRequest: [],
  };
};
