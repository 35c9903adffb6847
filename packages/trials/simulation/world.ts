import type { Caller, LogEvent } from '@keyfob/server';
import { digestSecret } from '@keyfob/server/clients';
import type { Client } from '@keyfob/server/clients';
import { DIALECTS } from '@keyfob/server/dialects';
import { issueTokens } from '@keyfob/server/grants';
import type { Grant } from '@keyfob/server/grants';
import type { Expectation, Standing } from './expectation.ts';
import { createKeyMaker, startNode } from './node.ts';
import type { KeyMaker, Node } from './node.ts';
import type { ClientPlan, Fault, GrantPlan, Plan } from './plan.ts';
import { createPrng } from '../support/prng.ts';
import type { Prng } from '../support/prng.ts';
import { createSchedule } from './schedule.ts';
import type { Schedule } from './schedule.ts';
import type { Keep, SimulatedStore } from './simulated-store.ts';
import type { Answer } from '../support/token-requests.ts';

/** A client of the simulation: what it is registered as, its secret, and what an operator did to it. */
export type ClientRecord = {
  readonly plan: ClientPlan;
  readonly client: Client;
  readonly secret: string;
  isDisabled: boolean;
  changedAtMs: number;
  /** Who waits for its next request to reach a node. */
  waiting: (() => void)[];
};

/** A grant, with everything that the trial knows of it. */
export type GrantRecord = {
  readonly plan: GrantPlan;
  readonly owner: ClientRecord;
  readonly id: bigint;
  readonly createdAtMs: number;
  /** What the honest client has on disk. `key`: the `Idempotency-Key` it is going to send with `token`. */
  readonly wallet: { saved: string; key: { readonly token: string; readonly value: string } | undefined };
  /** What is true of it by the documents. */
  standing: Standing;
  /** Counts the times the store went back to an earlier content. */
  epoch: number;
  /** Which of its refresh tokens each string that was ever on the wire is, and which string each one is now. */
  readonly indexOf: Map<string, number>;
  readonly stringOf: Map<number, string>;
  readonly presentations: Presentation[];
  /** Whether somebody else has copied a token. */
  isStolen: boolean;
  thiefToken: string | undefined;
  /** Since when the operator has been told that the grant is revoked; `undefined` while it is not. */
  revokedSinceMs: number | undefined;
  /** The first decision after the operator ended the grant for the first time; `Infinity` where that never happened. */
  touchedAtDecision: number;
};

/** One refresh token on its way to a node, and what became of it. */
export type Presentation = {
  readonly actor: string;
  readonly isHonest: boolean;
  readonly grant: GrantRecord;
  readonly token: string;
  readonly index: number;
  readonly key: string | undefined;
  /** In what way the token is in foreign hands. */
  readonly foreign: 'client' | 'brand' | undefined;
  readonly sentAtMs: number;
  readonly node: Node;
  readonly incarnation: number;
  arrivedAtMs: number | undefined;
  decision:
    | {
        readonly order: number;
        readonly clockMs: number;
        readonly epoch: number;
        readonly isClientEnabled: boolean;
        readonly expectation: Expectation;
      }
    | undefined;
  storeFailure: 'unavailable' | 'outcome_unknown' | undefined;
  answer: Answer | undefined;
  answeredAtMs: number | undefined;
};

/** A claim that did not hold. */
export type Violation = { readonly checker: string; readonly what: string };

/** One simulated deployment with everybody who deals with it. */
export type World = {
  readonly plan: Plan;
  readonly prng: Prng;
  readonly schedule: Schedule;
  readonly store: SimulatedStore;
  readonly keys: KeyMaker;
  readonly nodes: Node[];
  readonly clients: ClientRecord[];
  readonly grants: GrantRecord[];
  /** One of each dialect, for a token in the hands of a client it was not issued to. */
  readonly outsiders: Readonly<Record<'smartcar' | 'pleos', ClientRecord>>;
  readonly presentations: Presentation[];
  readonly byCaller: WeakMap<Caller, Presentation>;
  /** Everything the servers told, as the log would have it. */
  readonly log: LogEvent[];
  /** Everything that must never be in the log or in the store. */
  readonly secrets: Set<string>;
  readonly violations: Violation[];
  isStoreAway: boolean;
  decisions: number;
  has(fault: Fault): boolean;
  violate(checker: string, what: string): void;
  trace(line: () => string): void;
};

/** The first moment of every simulation: a Sunday in June 2025. */
export const START_MS = 1_750_000_000_000;

/** A world at its first moment: nodes that run, clients that are registered, no grant yet. */
export const createWorld = async (
  plan: Plan,
  seed: number,
  tell: ((line: string) => void) | undefined,
  keep: Keep,
): Promise<World> => {
  const prng = createPrng(seed ^ 0x5bd1e995);
  const schedule = createSchedule(START_MS);
  const keys = createKeyMaker(prng);
  const violations: Violation[] = [];
  const stamp = (): string => new Date(schedule.nowMs()).toISOString().slice(8, 23);
  const trace = (line: () => string): void => tell?.(`${stamp()} ${line()}`);
  const secrets = new Set<string>();
  const register = (clientPlan: ClientPlan): ClientRecord => makeClient(clientPlan, prng, secrets);
  const outsider = (dialect: 'smartcar' | 'pleos'): ClientRecord =>
    register({
      name: `outsider-${dialect}`,
      dialect,
      policy: DIALECTS[dialect].defaultPolicy,
      keys: 'none',
      grants: [],
    });
  const violate = (checker: string, what: string): void => {
    violations.push({ checker, what });
    trace(() => `VIOLATION of ${checker}: ${what}`);
  };
  return {
    plan,
    prng,
    schedule,
    store: await keep({ schedule, onFailure: (what) => violate('store', what) }),
    keys,
    nodes: [],
    clients: plan.clients.map(register),
    grants: [],
    outsiders: { smartcar: outsider('smartcar'), pleos: outsider('pleos') },
    presentations: [],
    byCaller: new WeakMap(),
    log: [],
    secrets,
    violations,
    isStoreAway: false,
    decisions: 0,
    has: (fault) => plan.faults.has(fault),
    violate,
    trace,
  };
};

/** Brings the world to life: the clients into the store, the nodes up. */
export const openWorld = async (world: World): Promise<void> => {
  for (const { client } of [...world.clients, ...Object.values(world.outsiders)])
    await world.store.createClient(client);
  for (let number = 1; number <= world.plan.nodes; number++) world.nodes.push(startNode(world, number));
};

/** A grant as the store has it, in words. */
export const describeGrant = (grant: Grant | undefined): string => {
  if (grant === undefined) return 'it is not there';
  const { generation, keyNumber, rotatedAtMs, rotatedBy, useDigest, revocation } = grant;
  const use = useDigest === undefined ? undefined : Buffer.from(useDigest).toString('hex');
  // Of the moments before, a store keeps what the verdict needs, and stores differ in how.
  const rotatedAt = rotatedAtMs.at(-1);
  return JSON.stringify({ generation, keyNumber, rotatedAt, rotatedBy, use, revocation });
};

const makeClient = (plan: ClientPlan, prng: Prng, secrets: Set<string>): ClientRecord => {
  const secret = prng.bytes(32).toString('base64url');
  secrets.add(secret);
  const createdAt = START_MS / 1000;
  return {
    plan,
    secret,
    client: {
      id: plan.name,
      dialect: plan.dialect,
      type: 'confidential',
      redirectUris: [],
      consentRedirectUri: undefined,
      name: plan.name,
      policy: plan.policy,
      createdAt,
      disabledAt: undefined,
      secrets: [
        {
          id: plan.name,
          name: 'first',
          digest: digestSecret(secret),
          createdAt,
          expiresAt: undefined,
          lastUsedAt: undefined,
        },
      ],
    },
    isDisabled: false,
    changedAtMs: START_MS,
    waiting: [],
  };
};

/** An owner consents: a grant, and its first refresh token in the client's hands. */
export const createGrant = async (
  world: World,
  owner: ClientRecord,
  plan: GrantPlan,
): Promise<GrantRecord> => {
  const { prng, schedule, store, keys } = world;
  const nowMs = schedule.nowMs();
  const key = keys.ring().newest;
  const grant = {
    id: prng.bytes(8).readBigInt64BE(),
    clientId: owner.client.id,
    subject: `owner of ${plan.name}`,
    scope: 'read_odometer',
    brand: plan.brand,
    createdAt: Math.floor(nowMs / 1000),
    generation: 0,
    keyNumber: key.number,
    rotatedAtMs: [],
    rotatedBy: undefined,
    useDigest: undefined,
    revocation: undefined,
  };
  await store.createGrant(grant);
  const minting = { keyRing: keys.ring(), nextSerial: () => 0 };
  const { shapes } = DIALECTS[owner.plan.dialect];
  const { policy } = owner.plan;
  const { refreshToken, accessToken } = await issueTokens(minting, shapes, grant, policy, nowMs);
  world.secrets.add(refreshToken).add(accessToken);
  const record: GrantRecord = {
    plan,
    owner,
    id: grant.id,
    createdAtMs: grant.createdAt * 1000,
    wallet: { saved: refreshToken, key: undefined },
    standing: {
      isThere: true,
      isRevoked: false,
      current: 0,
      issuedAtMs: grant.createdAt * 1000,
      firstUses: new Map(),
    },
    epoch: 0,
    indexOf: new Map([[refreshToken, 0]]),
    stringOf: new Map([[0, refreshToken]]),
    presentations: [],
    isStolen: false,
    thiefToken: undefined,
    revokedSinceMs: undefined,
    touchedAtDecision: Infinity,
  };
  world.grants.push(record);
  world.trace(() => `${plan.name} is granted to ${owner.plan.name}: ${JSON.stringify(owner.plan.policy)}`);
  return record;
};
