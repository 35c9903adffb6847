import { hash } from 'node:crypto';
import type { Caller, LogEvent } from '@keyfob/server';
import { digestSecret } from '@keyfob/server/clients';
import type { ClientType } from '@keyfob/server/clients';
import { DIALECTS } from '@keyfob/server/dialects';
import type { Store } from '@keyfob/server/stores';
import { sealCode } from '@keyfob/server/tokens';
import type { Endpoints } from '@keyfob/server/wire';
import { createKeyMaker } from './node.ts';
import type { KeyMaker } from './node.ts';
import { createPrng } from '../support/prng.ts';
import type { Prng } from '../support/prng.ts';
import { createSchedule } from './schedule.ts';
import type { Schedule } from './schedule.ts';
import type { Backup, Keep, SimulatedStore } from './simulated-store.ts';
import type { Answer } from '../support/token-requests.ts';
import type { Violation } from './world.ts';
import type { DialectName } from '../support/served-grant.ts';

/** What may go wrong with codes. Each seed has some of it and not the rest. */
export const CODE_FAULTS = [
  'lost-requests',
  'lost-answers',
  'slow-network',
  'double-sends',
  'client-crashes',
  'old-pages',
  'thief',
  'stranger',
  'store-away',
  'commits-lost',
  'commit-answers-lost',
  'many-nodes',
  'node-deaths',
  'clock-skew',
  'key-rotations',
  'operator-disables',
  'operator-restores',
] as const;
export type CodeFault = (typeof CODE_FAULTS)[number];

/** A client that owners send codes to. */
export type CodeClient = {
  readonly id: string;
  readonly dialect: DialectName;
  readonly type: ClientType;
  /** `undefined` for a public client. */
  readonly secret: string | undefined;
  /** Whether it sends an `Idempotency-Key`, the same with every try. */
  readonly hasKeys: boolean;
  isDisabled: boolean;
  changedAtMs: number;
};

/** A code, with everything that the trial knows of it. */
export type CodeRecord = {
  readonly name: string;
  readonly owner: CodeClient;
  readonly id: bigint;
  readonly text: string;
  readonly issuedAtMs: number;
  readonly redirectUri: string;
  readonly verifier: string | undefined;
  readonly brand: string | undefined;
  readonly uses: CodeUseRecord[];
  /** The one use that made the grant. */
  first: CodeUseRecord | undefined;
  /** What the client that redeemed it was given; whatever is given again has to be the same. */
  refreshToken: string | undefined;
  /** What its own client has saved. */
  saved: string | undefined;
  /** Whether a restore put the store back behind its grant. */
  isLost: boolean;
};

/** What is put on the wire with a code. */
export type CodeWords = {
  readonly client: CodeClient;
  readonly secret: string | undefined;
  readonly code: string;
  readonly redirectUri: string;
  readonly verifier: string | undefined;
  readonly brand: string | undefined;
  readonly key: string | undefined;
};

/** One code on its way to a node, and what became of it. */
export type CodeUseRecord = {
  readonly actor: string;
  readonly isHonest: boolean;
  readonly code: CodeRecord;
  readonly words: CodeWords;
  readonly node: CodeNode;
  incarnation: number;
  arrivedAtMs: number | undefined;
  decision: CodeDecision | undefined;
  storeFailure: 'unavailable' | 'outcome_unknown' | undefined;
  answer: Answer | undefined;
  answeredAtMs: number | undefined;
};

/** What the documents make of a use, at the moment the store decides about it. */
export type CodeDecision = {
  readonly order: number;
  readonly outcomes: readonly ('granted' | 'dead' | 'unauthenticated')[];
  /** Whether it ends the grant; `maybe` where the documents leave it open. */
  readonly revokes: boolean | 'maybe';
  /** Whether it is the one that makes the grant. */
  readonly isFirst: boolean;
  readonly because: string;
};

/** One server. It dies and comes back; nothing but the store and the key ring outlives it. */
export type CodeNode = {
  readonly name: string;
  incarnation: number;
  store: Store;
  endpoints: Endpoints;
  readonly skewMs: number;
  /** Counts what the store refused it. */
  storeFailures: number;
  death: { readonly promise: Promise<void>; readonly resolve: () => void };
};

/** A deployment to which owners come with consent. */
export type CodeWorld = {
  readonly prng: Prng;
  readonly schedule: Schedule;
  readonly store: SimulatedStore;
  readonly keys: KeyMaker;
  readonly nodes: CodeNode[];
  readonly clients: readonly CodeClient[];
  readonly codes: CodeRecord[];
  readonly byCaller: WeakMap<Caller, CodeUseRecord>;
  readonly log: LogEvent[];
  readonly violations: Violation[];
  backup: Backup | undefined;
  isStoreAway: boolean;
  /** Who waits for the next code to reach a node. */
  waiting: (() => void)[];
  decisions: number;
  has(fault: CodeFault): boolean;
  violate(checker: string, what: string): void;
  trace(line: () => string): void;
};

const START_MS = 1_750_000_000_000;
const CLIENTS_MAX = 4;

export const createCodeWorld = async (
  seed: number,
  tell: ((line: string) => void) | undefined,
  keep: Keep,
): Promise<CodeWorld> => {
  const prng = createPrng(seed ^ 0x2545f491);
  const schedule = createSchedule(START_MS);
  const share = prng.pick([0, 0.2, 0.4, 0.6]);
  const faults = new Set(CODE_FAULTS.filter(() => prng.chance(share)));
  const violations: Violation[] = [];
  const trace = (line: () => string): void =>
    tell?.(`${new Date(schedule.nowMs()).toISOString().slice(11, 23)} ${line()}`);
  trace(() => `seed ${seed}, faults: ${[...faults].join(' ') || 'none'}`);
  const violate = (checker: string, what: string): void => {
    violations.push({ checker, what });
    trace(() => `VIOLATION of ${checker}: ${what}`);
  };
  return {
    prng,
    schedule,
    store: await keep({ schedule, onFailure: (what) => violate('store', what) }),
    keys: createKeyMaker(prng),
    nodes: [],
    clients: Array.from({ length: prng.between(2, CLIENTS_MAX) }, (_, at) => drawClient(prng, at + 1)),
    codes: [],
    byCaller: new WeakMap(),
    log: [],
    violations,
    backup: undefined,
    isStoreAway: false,
    waiting: [],
    decisions: 0,
    has: (fault) => faults.has(fault),
    violate,
    trace,
  };
};

const drawClient = (prng: Prng, number: number): CodeClient => {
  const dialect = prng.pick(['smartcar', 'pleos']);
  const type = dialect === 'smartcar' && prng.chance(0.4) ? 'public' : 'confidential';
  return {
    id: `client-${number}`,
    dialect,
    type,
    secret: type === 'public' ? undefined : prng.bytes(32).toString('base64url'),
    hasKeys: prng.chance(0.5),
    isDisabled: false,
    changedAtMs: START_MS,
  };
};

/** Registers a client of the trial. */
export const registerCodeClient = async (
  { store }: CodeWorld,
  { id, dialect, type, secret }: CodeClient,
): Promise<void> => {
  const createdAt = START_MS / 1000;
  const more = { name: 'first', createdAt, expiresAt: undefined, lastUsedAt: undefined };
  await store.createClient({
    id,
    dialect,
    type,
    name: id,
    redirectUris: [],
    consentRedirectUri: undefined,
    policy: { ...DIALECTS[dialect].defaultPolicy, requireUserAgent: false },
    createdAt,
    disabledAt: undefined,
    secrets: secret === undefined ? [] : [{ id, digest: digestSecret(secret), ...more }],
  });
};

/** An owner agrees to something, and is sent back to the client with a code. */
export const agree = async (world: CodeWorld, owner: CodeClient, name: string): Promise<CodeRecord> => {
  const { prng, schedule, store, keys, codes } = world;
  const { shapes } = DIALECTS[owner.dialect];
  const issuedAt = Math.floor(schedule.nowMs() / 1000);
  const isSmartcar = owner.dialect === 'smartcar';
  // Of a public client too, though nobody should send an owner to consent so: such a code is good for nothing.
  const hasChallenge = isSmartcar && prng.chance(owner.type === 'public' ? 0.9 : 0.3);
  const verifier = hasChallenge ? prng.bytes(32).toString('base64url') : undefined;
  const brand = isSmartcar ? undefined : prng.pick(['kia', 'hyundai'] as const);
  const id = prng.bytes(8).readBigInt64BE();
  const redirectUri = `https://${owner.id}.example/${name}`;
  await store.createCode({
    grantId: id,
    clientId: owner.id,
    redirectUri,
    codeChallenge: verifier === undefined ? undefined : hash('sha256', verifier, 'base64url'),
    issuedAt,
    subject: `owner of ${name}`,
    scope: 'read_odometer',
    brand,
    vehicles: [],
  });
  const code: CodeRecord = {
    name,
    owner,
    id,
    text: sealCode(keys.ring().newest, shapes.code, { grantId: id, issuedAt }),
    issuedAtMs: issuedAt * 1000,
    redirectUri,
    verifier,
    brand,
    uses: [],
    first: undefined,
    refreshToken: undefined,
    saved: undefined,
    isLost: false,
  };
  codes.push(code);
  world.trace(() => `an owner sends ${owner.id} the code ${name}`);
  return code;
};
