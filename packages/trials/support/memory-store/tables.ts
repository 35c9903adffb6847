import type { Client, RegistrationToken } from '@keyfob/server/clients';
import type { CodeState, DeviceRequest, Grant, Millis, ReplayRecord, Vehicle } from '@keyfob/server/grants';
import type { AuditEntry, OperatorKey } from '@keyfob/server/operators';
import type {
  CodeUse,
  KeptTrouble,
  OperatorSession,
  RefreshUse,
  RunningNode,
  Store,
} from '@keyfob/server/stores';
import type { GrantId, RegisteredKey } from '@keyfob/server/tokens';
import type { Delivery, DeliveryAttempt, GrantEvent, Webhook } from '@keyfob/server/webhooks';

/** The name of a verb of the store. */
export type Verb = Exclude<keyof Store, 'close' | 'remembersUnanswered'>;

/**
 * Runs a verb. It may wait before and after the verb. It may throw `StoreError` instead of running the verb (`unavailable`)
 * or after running it (`outcome_unknown`). `work` is the whole verb, one atomic step, called at most once. `use` is the
 * token or code use that the verb handles, if any.
 */
export type RunVerb = <Result>(
  verb: Verb,
  work: () => Result | Promise<Result>,
  use?: RefreshUse | CodeUse,
) => Promise<Result>;

/** A token that another server issued. */
/** The digest of a body that came with an `Idempotency-Key`. */
type ClaimedWrite = { readonly body: string; readonly atMs: Millis };
type ImportedToken = { readonly grantId: GrantId; readonly expiresAtMs: Millis };

/** The content of a memory store at one moment. Its values are never changed in place. */
export type Snapshot = {
  readonly clients: ReadonlyMap<string, Client>;
  readonly grants: ReadonlyMap<bigint, Grant>;
  readonly replays: ReadonlyMap<bigint, ReplayRecord>;
  readonly keys: ReadonlyMap<number, RegisteredKey>;
  readonly seenAtMs: Millis | undefined;
  readonly sessions: ReadonlyMap<string, Millis>;
  readonly usedOnce: ReadonlyMap<string, Millis>;
  readonly codes: ReadonlyMap<bigint, CodeState>;
  readonly devices: ReadonlyMap<bigint, DeviceRequest>;
  readonly consents: ReadonlySet<bigint>;
  readonly vehicles: ReadonlyMap<bigint, readonly Vehicle[]>;
  readonly imported: ReadonlyMap<string, ImportedToken>;
  readonly grantEvents: readonly GrantEvent[];
  readonly lastGrantEvent: number;
  readonly webhooks: ReadonlyMap<string, Webhook>;
  readonly deliveries: ReadonlyMap<string, Delivery>;
  readonly attempts: ReadonlyMap<string, readonly DeliveryAttempt[]>;
  readonly audit: readonly AuditEntry[];
  readonly registrationTokens: ReadonlyMap<string, RegistrationToken>;
  readonly operatorKeys: ReadonlyMap<string, OperatorKey>;
  readonly operatorSessions: ReadonlyMap<string, OperatorSession>;
  readonly adminWrites: ReadonlyMap<string, ClaimedWrite>;
  readonly nodes: ReadonlyMap<string, RunningNode>;
  readonly troubles: ReadonlyMap<string, KeptTrouble>;
};

/** The grant events of a memory store, and their deliveries. */
export type OutboxTables = {
  grantEvents: GrantEvent[];
  /** The highest sequence number so far; it is not reused when its grant event is dropped. */
  lastGrantEvent: number;
  webhooks: Map<string, Webhook>;
  deliveries: Map<string, Delivery>;
  /** By the keys of their deliveries. */
  attempts: Map<string, readonly DeliveryAttempt[]>;
};

/** The mutable content that the verbs read and write. */
export type Tables = OutboxTables & {
  clients: Map<string, Client>;
  grants: Map<bigint, Grant>;
  replays: Map<bigint, ReplayRecord>;
  keys: Map<number, RegisteredKey>;
  seenAtMs: Millis | undefined;
  /** When each session started; keys are digests in hexadecimal digits. */
  sessions: Map<string, Millis>;
  usedOnce: Map<string, Millis>;
  codes: Map<bigint, CodeState>;
  devices: Map<bigint, DeviceRequest>;
  consents: Set<bigint>;
  vehicles: Map<bigint, readonly Vehicle[]>;
  /** Keys are digests in hexadecimal digits. */
  imported: Map<string, ImportedToken>;
  audit: AuditEntry[];
  registrationTokens: Map<string, RegistrationToken>;
  operatorKeys: Map<string, OperatorKey>;
  /** Keys are digests in hexadecimal digits. */
  operatorSessions: Map<string, OperatorSession>;
  adminWrites: Map<string, ClaimedWrite>;
  nodes: Map<string, RunningNode>;
  /** Keys are what each counts. */
  troubles: Map<string, KeptTrouble>;
};

export const byId = (left: { readonly id: bigint }, right: { readonly id: bigint }): number =>
  left.id < right.id ? -1 : 1;

/** Removes a grant with everything that belongs to it. */
export const removeGrant = (tables: Tables, id: bigint): void => {
  tables.grants.delete(id);
  tables.replays.delete(id);
  tables.consents.delete(id);
  tables.vehicles.delete(id);
  for (const [digest, { grantId }] of tables.imported) if (grantId === id) tables.imported.delete(digest);
};
