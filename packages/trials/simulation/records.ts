import type { Client } from '@keyfob/server/clients';
import type { StoreErrorKind } from '@keyfob/server/errors';
import type { Store } from '@keyfob/server/stores';
import type { RouteTable } from '@keyfob/server/wire';
import type { Answer } from '../support/token-requests.ts';
import type { Expectation, Standing } from './standing.ts';
import type { ClientPlan, GrantPlan } from './plan.ts';

/** One server of the deployment. It may die and start again; only the store and the key ring survive. */
export type Node = {
  readonly name: string;
  /** Counts its starts. */
  incarnation: number;
  /** The store as the current process of this node sees it. */
  store: Store;
  endpoints: RouteTable;
  /** How far its clock is ahead of the true time. */
  skewMs: number;
  /** Counts the store failures of this node. */
  storeFailures: number;
  /** Resolves when this process dies. */
  death: { readonly promise: Promise<void>; readonly resolve: () => void };
};

/** A client of the simulation: its registration, its secret and its state. */
export type ClientRecord = {
  readonly plan: ClientPlan;
  readonly client: Client;
  /** `undefined` for a public client. */
  readonly secret: string | undefined;
  isDisabled: boolean;
  changedAtMs: number;
  /** Called when the next request of this client reaches a node. */
  onRequest: (() => void)[];
};

/** An authorization code, with the fields that must match when it is used. */
export type CodeRecord = {
  readonly text: string;
  readonly issuedAtMs: number;
  readonly redirectUri: string;
  readonly verifier: string | undefined;
  /** The `Idempotency-Key` that the client sends with the code. It changes if the client forgets it. */
  key: string | undefined;
  /** The use that created the grant. */
  first: CodePresentation | undefined;
  /** Whether the store knows the code. */
  exists: boolean;
};

/** A grant, with everything that the simulation knows about it. The id exists from the consent on, before the grant. */
export type GrantRecord = {
  readonly plan: GrantPlan;
  /** The name of the plan, with a number if the owner had to consent again. */
  readonly name: string;
  readonly owner: ClientRecord;
  readonly id: bigint;
  /** `undefined` for a grant that the operator created. */
  readonly code: CodeRecord | undefined;
  /** What the honest client has on its disk. `key`: the `Idempotency-Key` that it sends with `token`. */
  readonly wallet: {
    saved: string | undefined;
    key: { readonly token: string; readonly value: string } | undefined;
  };
  /** The state of the grant that the documents require. */
  standing: Standing;
  /** Counts how often the store returned to earlier content. */
  epoch: number;
  /** Whether a failover returned the store to earlier content, including its grant events. */
  hasFailedOver: boolean;
  /** The number of the refresh token for each string ever sent, and the current string for each number. */
  readonly indexOf: Map<string, number>;
  readonly stringOf: Map<number, string>;
  readonly presentations: Presentation[];
  /** The newest token that a thief has. */
  thiefToken: string | undefined;
  /** When the operator got confirmation of the revocation; `undefined` while the grant is not revoked. */
  revokedSinceMs: number | undefined;
  isReinstated: boolean;
  /** The first decision after the operator or a second use of the code ended the grant; `Infinity` otherwise. */
  endedAtDecision: number;
};

/** The store's decision about a request, with the outcome that the documents require. */
export type Decision = {
  readonly order: number;
  readonly clockMs: number;
  /** The true time. */
  readonly trueMs: number;
  readonly epoch: number;
  readonly isClientEnabled: boolean;
  readonly expectation: Expectation;
};

/** One request to a node, and its result. */
type Sent = {
  readonly actor: string;
  readonly isHonest: boolean;
  readonly grant: GrantRecord;
  /** The `Idempotency-Key`. */
  readonly key: string | undefined;
  readonly node: Node;
  incarnation: number;
  arrivedAtMs: number | undefined;
  decision: Decision | undefined;
  storeFailure: StoreErrorKind | undefined;
  answer: Answer | undefined;
  answeredAtMs: number | undefined;
};

/** A presentation of a refresh token. */
export type RefreshPresentation = Sent & {
  readonly kind: 'refresh';
  readonly token: string;
  readonly index: number;
  /** Set if another client presents the token, or if the brand is wrong. */
  readonly foreign: 'client' | 'brand' | undefined;
};

/** The fields of a request besides the code. */
export type CodeFields = {
  readonly client: ClientRecord;
  readonly secret: string | undefined;
  readonly redirectUri: string;
  readonly verifier: string | undefined;
  readonly brand: string | undefined;
};

/** A presentation of an authorization code. */
export type CodePresentation = Sent & {
  readonly kind: 'code';
  readonly code: CodeRecord;
  readonly fields: CodeFields;
};

export type Presentation = RefreshPresentation | CodePresentation;

/** A claim that did not hold. */
export type Violation = { readonly checker: string; readonly what: string };
