import type { Client } from '@keyfob/server/clients';
import type { Store } from '@keyfob/server/stores';
import type { Endpoints } from '@keyfob/server/wire';
import type { Answer } from '../support/token-requests.ts';
import type { Expectation, Standing } from './standing.ts';
import type { ClientPlan, GrantPlan } from './plan.ts';

/** One server of the deployment. It dies and starts again; only the store and the key ring survive it. */
export type Node = {
  readonly name: string;
  /** Counts its starts. */
  incarnation: number;
  /** The store as this process of it sees it. */
  store: Store;
  endpoints: Endpoints;
  /** How far its clock is ahead of the true time. */
  skewMs: number;
  /** Counts the failures of the store that it met. */
  storeFailures: number;
  /** Resolves when this process dies. */
  death: { readonly promise: Promise<void>; readonly resolve: () => void };
};

/** A client of the simulation: what it is registered as, its secret, and what an operator did to it. */
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

/** An authorization code, with what the owner's consent bound it to. */
export type CodeRecord = {
  readonly text: string;
  readonly issuedAtMs: number;
  readonly redirectUri: string;
  readonly verifier: string | undefined;
  /** The `Idempotency-Key` that its client sends with it; changes where the client forgets it. */
  key: string | undefined;
  /** The use that made the grant. */
  first: CodePresentation | undefined;
  /** Whether the store knows the code. */
  isThere: boolean;
};

/** A grant, with everything that the trial knows about it. Its id is known since the consent, before the grant exists. */
export type GrantRecord = {
  readonly plan: GrantPlan;
  /** The name of the plan, with a number where the owner had to consent again. */
  readonly name: string;
  readonly owner: ClientRecord;
  readonly id: bigint;
  /** `undefined` for a grant that the operator created. */
  readonly code: CodeRecord | undefined;
  /** What the honest client has on disk. `key`: the `Idempotency-Key` that it sends with `token`. */
  readonly wallet: {
    saved: string | undefined;
    key: { readonly token: string; readonly value: string } | undefined;
  };
  /** What is true of it according to the documents. */
  standing: Standing;
  /** Counts how often the store went back to an earlier content. */
  epoch: number;
  /** Whether a failover took the store back, its grant events included. */
  hasFailedOver: boolean;
  /** For each string that was ever on the wire, which refresh token it is; and the string of each one now. */
  readonly indexOf: Map<string, number>;
  readonly stringOf: Map<number, string>;
  readonly presentations: Presentation[];
  /** The newest token that a thief holds. */
  thiefToken: string | undefined;
  /** Since when the operator knows that the grant is revoked; `undefined` while it is not. */
  revokedSinceMs: number | undefined;
  isReinstated: boolean;
  /** The first decision after the operator, or a second use of the code, ended the grant; `Infinity` if nothing did. */
  endedAtDecision: number;
};

/** What the documents say about a request, noted when the store decides about it. */
export type Decision = {
  readonly order: number;
  readonly clockMs: number;
  readonly epoch: number;
  readonly isClientEnabled: boolean;
  readonly expectation: Expectation;
};

/** One request on its way to a node, and what became of it. */
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
  storeFailure: 'unavailable' | 'outcome_unknown' | undefined;
  answer: Answer | undefined;
  answeredAtMs: number | undefined;
};

/** A refresh token, presented. */
export type RefreshPresentation = Sent & {
  readonly kind: 'refresh';
  readonly token: string;
  readonly index: number;
  /** Presented by another client, or under another brand. */
  readonly foreign: 'client' | 'brand' | undefined;
};

/** What a request with a code says besides the code. */
export type CodeFields = {
  readonly client: ClientRecord;
  readonly secret: string | undefined;
  readonly redirectUri: string;
  readonly verifier: string | undefined;
  readonly brand: string | undefined;
};

/** An authorization code, presented. */
export type CodePresentation = Sent & {
  readonly kind: 'code';
  readonly code: CodeRecord;
  readonly fields: CodeFields;
};

export type Presentation = RefreshPresentation | CodePresentation;

/** A claim that did not hold. */
export type Violation = { readonly checker: string; readonly what: string };
