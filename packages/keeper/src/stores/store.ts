import type { ClientFacts } from '../grants/client-facts.ts';
import type { GrantChange } from '../grants/decide.ts';
import type { ClientEvent, GrantEvent } from '../grants/events.ts';
import type { ConsentCause, Due, DueRank, Grant, GrantState } from '../grants/grant.ts';
import type { Clock, Millis } from '../time.ts';
import type { ConsentVerbs } from './consents.ts';
import type { DeliveryVerbs } from './deliveries.ts';
import type { FigureVerbs } from './figures.ts';
import type { LinkVerbs } from './links.ts';
import type { RevocationVerbs, Revoking } from './revocations.ts';
import type { ServiceKeyVerbs } from './service-keys.ts';
import type { StoredAnswer } from './stored-answer.ts';
import type { StoredEvent } from './stored-event.ts';

/**
 * Where grants are kept. A store reads and writes; it decides nothing. Every verb is one short transaction, atomic and
 * durable when its promise resolves; none is open while anything else is awaited, so a pooler in transaction mode may stand
 * between. Each throws `StoreError` where the database fails.
 *
 * A lease is columns of the row, never a lock. Conditional verbs name what the caller has read (`Seen`), and change nothing
 * where the row has moved on.
 */
export type Store = GrantVerbs &
  RefreshVerbs &
  ScheduleVerbs &
  ClientVerbs &
  EventVerbs &
  ListVerbs &
  KeyVerbs &
  LinkVerbs &
  DeliveryVerbs &
  FigureVerbs &
  ServiceKeyVerbs &
  ConsentVerbs &
  RevocationVerbs &
  IdentityVerbs;

/** What the caller believes of a row. `fence` is left out with an answer: a pair counts without the lease. */
export type Seen = { readonly generation: number; readonly epoch: number; readonly fence?: number };

/** A pair for a row, encrypted, with what can be read without a key. */
export type SealedPair = {
  readonly sealed: Uint8Array;
  /** Of its refresh token, under the current key. Unique among the grants that are not closed. */
  readonly lookup: Uint8Array;
  readonly issuedAtMs: Millis;
  readonly accessExpiresAtMs: Millis;
  readonly refreshExpiresAtMs: Millis | undefined;
  readonly endsAtMs: Millis | undefined;
};

/** One send, before it happens. */
export type NewAttempt = {
  readonly id: string;
  /** The lookup of the token that is sent. */
  readonly fingerprint: Uint8Array;
};

/** How one send ended. Nothing in it is secret. */
export type AttemptEnd = {
  readonly id: string;
  readonly outcome: string;
  readonly status: number | undefined;
  /** The provider's id of the request, for its support. */
  readonly requestId: string | undefined;
  readonly tookMs: Millis;
};

/** One send, as it is stored. */
export type Attempt = Omit<AttemptEnd, 'outcome' | 'tookMs'> & {
  readonly grantId: string;
  readonly generation: number;
  readonly sentAtMs: Millis;
  /** `undefined` while its end is not known. */
  readonly outcome: string | undefined;
  readonly tookMs: Millis | undefined;
};

export type { StoredAnswer } from './stored-answer.ts';

/** What a transaction about one grant writes. */
export type Settlement = {
  readonly change: GrantChange;
  /** The pair of the next generation; its generation is the seen one plus one. */
  readonly pair?: SealedPair | undefined;
  readonly ended: readonly AttemptEnd[];
  readonly events: readonly GrantEvent[];
  /** Kept beside the row: what cannot be read, and the pairs of other sends. */
  readonly keep?: readonly StoredAnswer[];
  /** Kept only if the row has moved on, and is not closed: then they are spares. */
  readonly keepIfMoved?: readonly StoredAnswer[];
  /** Answers that are not needed any more. */
  readonly drop?: readonly string[];
};

/** Grants and their names. */
export type GrantVerbs = {
  /** The grant of a connection; `undefined` for none. Throws `KeeperError` where another program has written its row. */
  find(name: string): Promise<Grant | undefined>;
  read(grantId: string): Promise<Grant | undefined>;
  /** Writes a pair that the developer brings, and answers whether it was stored. A row that another program has written counts as none. */
  put(put: Put): Promise<PutResult>;
  /** The same for many, each by itself, in their order: for imports. A thousand at most. */
  putMany(puts: readonly Put[]): Promise<readonly PutResult[]>;
  /**
   * Ends a connection, and its grant with the last one; where its client is among those of `revoking`, its
   * revocation is due after `holdMs`. Returns the grant; `undefined` where there was no connection. Throws as `find` does.
   */
  disconnect(name: string, revoking?: Revoking): Promise<Grant | undefined>;
  /** Notes that access tokens were asked for, and makes a refresh due earlier. Never later. */
  touch(touches: readonly { grantId: string; askedAtMs: Millis; due: Due | undefined }[]): Promise<void>;
};

/** The two transactions of a refresh. */
export type RefreshVerbs = {
  /** The answers that wait beside a grant, newest last. */
  readAnswers(grantId: string): Promise<readonly StoredAnswer[]>;
  /**
   * Takes the right to send, and notes the send, before it happens: state `inflight`, fence and sends one more, lease from
   * now by the store's clock. Only where the row is as seen, its state allows sending, and its lease is over or belongs to
   * `voidOwner`. `undefined` where not.
   */
  claim(grantId: string, seen: Required<Seen>, claim: Claim): Promise<Grant | undefined>;
  /**
   * Ends a refresh. Returns the row as it is now, and whether the change was made. Where another grant has the new refresh
   * token already, both are one: the one that is not dead keeps it, and gets the connections of the other, which is closed.
   * Then the row that is returned is that one.
   */
  settle(
    grantId: string,
    seen: Seen,
    settlement: Settlement,
  ): Promise<{ isDone: boolean; grant: Grant | undefined }>;
  /** Dead grants with answers beside them, by their ids, from after this one. */
  listDeadWithAnswers(afterId: string, limit: number): Promise<readonly Grant[]>;
  /** Whether a grant has sent a token with one of these lookups. */
  wasSent(grantId: string, lookups: readonly Uint8Array[]): Promise<boolean>;
  /** Notes how sends ended whose refresh was concluded before. */
  noteEnds(ended: readonly AttemptEnd[], keep?: StoredAnswer): Promise<void>;
};

/** Who sends, and what. */
export type Claim = {
  readonly owner: string;
  readonly leaseMs: Millis;
  readonly attempt: NewAttempt;
  /** An owner that is known to be gone, or the caller itself for a second send. */
  readonly voidOwner?: string | undefined;
};

/** A pair from outside. */
export type Put = {
  readonly name: string;
  /** Of the new row, if there will be one. */
  readonly grantId: string;
  readonly client: string;
  readonly params: Readonly<Record<string, string>>;
  /** The refresh token's lookups under every key that is readable. */
  readonly lookups: readonly Uint8Array[];
  /** Seals the pair for the row that it comes to. Called inside the transaction; synchronous. */
  sealFor(row: { id: string; generation: number; epoch: number }): SealedPair;
  readonly due: Due | undefined;
  /** Whether two connections may use one grant, where both have its refresh token. */
  readonly mayLink: boolean;
  /** Only with connections whose names all begin with it; `undefined` for any. */
  readonly linkPrefix: string | undefined;
  /** When a table says that the pair was issued: one of the connection that was issued later stays. */
  readonly issuedAtMs?: Millis | undefined;
  /** When the provider gave the pair, as far as that is certain: a refresh token that was refused before then gets another chance. `Infinity`: always. */
  readonly givenAtMs?: Millis | undefined;
  /** The digest of the consent that brought the pair: it ends as `connected` in the same transaction, unless the pair is refused. */
  readonly consent?: Uint8Array | undefined;
};

/**
 * - `new`: a grant was made. `replaced`: the connection's grant has the pair now, or another client or other parameters.
 * - `linked`: another connection has this refresh token already, and both use one grant.
 * - `known`: the connection has this very pair already.
 * - `outdated`: the token was used here before, another put has replaced it, or a table says that it is older than the pair
 *   of the connection. What came later stays.
 * - `dead`: the provider has refused this token already, or a successor of it. What the connection has stays, and nothing is
 *   announced again: only a new consent helps.
 */
export type PutStatus = 'new' | 'replaced' | 'linked' | 'known' | 'outdated' | 'dead';

/**
 * How a pair from outside ended, and the grant that has its token. Where it was refused, nothing was written.
 *
 * - `held`: another connection has this refresh token, under another client, or it may not be shared.
 * - `inflight`: the token is kept under another client or other parameters, and its answer is awaited.
 * - `other_keys`: the row of the connection names a key that is not in the ring, so its grant may have this very token.
 */
export type PutResult = {
  readonly status: PutStatus | 'held' | 'inflight' | 'other_keys';
  readonly grant: Grant;
};

/** What is due, and who holds what. */
export type ScheduleVerbs = {
  /**
   * The time of the keeper: all that is stored is compared with it. On one machine it never goes back, and follows the
   * monotonic clock where the wall clock is put back; on PostgreSQL it is the database's clock.
   */
  nowMs(): Millis;
  /**
   * The latest moment that a stored one may have been: after a jump forward, what was stored before may be younger than it
   * looks. Where too early loses something, this counts.
   */
  latest(atMs: Millis): Millis;
  /**
   * The grants of a client and a rank that are due, oldest first, each held for so long: no other process gets it. A grant
   * that nobody refreshes is due again when the hold is over. `isSent`: only those whose token was sent, without an answer.
   */
  takeDue(take: {
    client: string;
    rank: DueRank;
    limit: number;
    holdMs: Millis;
    isSent?: boolean;
  }): Promise<readonly Grant[]>;
  /**
   * Makes idle grants of a client due earlier by so long: the first `limit` that are due from `fromMs` to before `untilMs`
   * at rank 2, and have no failure. Returns how many those were.
   */
  pullForward(pull: {
    client: string;
    fromMs: Millis;
    untilMs: Millis;
    byMs: Millis;
    limit: number;
  }): Promise<number>;
  /** Every grant with a lease, over or not. */
  leased(): Promise<readonly Grant[]>;
  /** Makes the leases of this owner last so long from now. Returns the fences of those that it still has. */
  renew(owner: string, leaseMs: Millis): Promise<ReadonlyMap<string, number>>;
  /** Grants of a client whose refresh token lives and ends before, in order of the end and the id; after a grant of them. */
  endingBefore(
    client: string,
    atMs: Millis,
    page: {
      readonly after?: Pick<Grant, 'id' | 'refreshExpiresAtMs'> | undefined;
      readonly limit: number;
    },
  ): Promise<readonly Grant[]>;
};

/** What processes share about clients. */
export type ClientVerbs = {
  readClient(name: string): Promise<{ version: number; facts: ClientFacts } | undefined>;
  /** Writes facts where the version is still as read (0 for none), with events. Returns whether it did. */
  writeClient(
    name: string,
    version: number,
    facts: ClientFacts,
    events: readonly ClientEvent[],
  ): Promise<boolean>;
};

export type { StoredEvent } from './stored-event.ts';

/** The outbox. */
export type EventVerbs = {
  /** Events that wait, oldest first; each is held for so long, and waits again if it is not acknowledged. */
  takeEvents(limit: number, holdMs: Millis): Promise<readonly StoredEvent[]>;
  ackEvents(ids: readonly string[]): Promise<void>;
  /** Adds an event outside of any other change. `once` is a key: the same key is announced once. */
  announce(grantId: string, event: GrantEvent, once: string): Promise<void>;
};

/** All states but those of a grant with which all is well. */
export type TroubledState = Exclude<GrantState, 'active' | 'inflight'>;

/** A connection in a list. */
export type Listed = { readonly name: string; readonly grant: Grant };

/** For people. */
export type ListVerbs = {
  /** Connections by name, after `after`. */
  list(filter: {
    state?: GrantState | undefined;
    client?: string | undefined;
    after?: string | undefined;
    limit: number;
  }): Promise<readonly Listed[]>;
  /** Connections whose grant is in a state of trouble, by how long it is: no other states. */
  listByAge(state: TroubledState, order: 'oldest' | 'newest', limit: number): Promise<readonly Listed[]>;
  counts(): Promise<Counts>;
  connectionsOf(grantId: string): Promise<readonly string[]>;
  /** The last sends of a grant, newest first; with `beforeMs`, those from before. */
  attempts(grantId: string, limit: number, beforeMs?: Millis): Promise<readonly Attempt[]>;
  /** How many grants of a client and a rank become due in each step of time. Steps without any are left out. */
  dueSteps(of: { client: string; rank: DueRank }, span: Span): Promise<readonly Step[]>;
  /** How many refresh tokens that live end in each step of time. Steps without any are left out. */
  endSteps(client: string, span: Span): Promise<readonly Step[]>;
  /** How many grants died since then, by cause. */
  deathsSince(atMs: Millis): Promise<Counts['causes']>;
  /** The last sends of all grants since then, newest first. */
  lastSends(atMs: Millis, limit: number): Promise<readonly ClientSend[]>;
  /** Events, delivered or not, newest first; with `before`, those before the event of this id. */
  lastEvents(limit: number, before?: string): Promise<readonly StoredEvent[]>;
};

/** One send, and whose it was. */
export type ClientSend = Pick<Attempt, 'sentAtMs' | 'outcome' | 'tookMs'> & { readonly client: string };

/** How many grants there are. */
export type Counts = {
  readonly states: Readonly<Partial<Record<GrantState, number>>>;
  /** Of the dead ones. */
  readonly causes: Readonly<Partial<Record<ConsentCause, number>>>;
  /** The states by client. */
  readonly clients: Readonly<Record<string, Readonly<Partial<Record<GrantState, number>>>>>;
  readonly connections: number;
};

/** A time in equal steps, from `fromMs` to before `untilMs`. */
export type Span = { readonly fromMs: Millis; readonly untilMs: Millis; readonly stepMs: Millis };

/** A step of a span and what is in it. All from before the span is in step -1. */
export type Step = { readonly step: number; readonly grants: number };

/** What was found among the rows that were looked at, and the id to go on after; `undefined` at the end. */
export type KeyPage<Row> = { readonly rows: readonly Row[]; readonly after: string | undefined };

/** For a change of keys. A sealed value begins with its version (1 byte) and the id of its key (4 bytes). */
export type KeyVerbs = {
  /** Of the next `limit` grants in order of their ids: those that are not closed, or wait for their revocation, and whose pair was sealed with another key. */
  grantsUnderOtherKeys(keyId: Uint8Array, after: string, limit: number): Promise<KeyPage<Grant>>;
  /** Of the next `limit` answers in order of their ids: those that were sealed with another key. */
  answersUnderOtherKeys(keyId: Uint8Array, after: string, limit: number): Promise<KeyPage<StoredAnswer>>;
  /** Writes the same pair, sealed anew. Returns whether the row was still as seen. */
  reseal(grantId: string, seen: Seen, pair: Pick<SealedPair, 'sealed' | 'lookup'>): Promise<boolean>;
  resealAnswer(id: string, sealed: Uint8Array): Promise<void>;
};

/** Which store this is, and how far it has come. */
export type Identity = {
  readonly deploymentId: string;
  /** One more with every stored pair: a store that was put back has a lower one. */
  readonly highWater: number;
  /** What a copy of this store does not have: the file's number, or the database cluster's. */
  readonly place: string;
  /** A text sealed with the key in use; `undefined` before the first start. */
  readonly keyCheck: Uint8Array | undefined;
};

/** What may be deleted. */
export type PruneBounds = {
  readonly beforeMs: Millis;
  /** Events that nobody has acknowledged. */
  readonly outbox: { readonly beforeMs: Millis; readonly eventsMax: number };
  /** Of each kind at a time. */
  readonly limit: number;
};

/** What was deleted. */
export type Pruned = {
  /** Events that no listener got. */
  readonly droppedEvents: number;
  readonly isMore: boolean;
};

/** For the start and the end. */
export type IdentityVerbs = {
  identity(): Promise<Identity>;
  writeKeyCheck(sealed: Uint8Array): Promise<void>;
  /** Where this machine notes what the store had reached, outside of it; `undefined` where nothing must be noted. */
  readonly guardFile: string | undefined;
  /** Where answers wait that the store refused; `undefined` for a store in memory. */
  readonly spoolDirectory: string | undefined;
  /**
   * Deletes consents that have ended, attempts, notes of replaced tokens, acknowledged events and spares from before `beforeMs`; and what the outbox has beyond its bounds, the
   * oldest first. The last `needs_consent` of a grant that is dead stays until it is acknowledged. Some of each kind at a
   * time: returns how many, and whether there is more.
   */
  prune(bounds: PruneBounds): Promise<Pruned>;
  close(): Promise<void>;
};

/** Opens a store when the keeper starts. Throws `KeeperError` with a remedy. */
export type StoreOpener = (clock: Clock) => Promise<Store>;
