/**
 * The tables of a copy, in the order in which they are copied, with their columns beside the key of 64 bits. The form is
 * that of PostgreSQL's tables; other stores translate. Callers, scopes and secrets are part of the rows that name them.
 */
export const COLUMNS = {
  keys: {
    purpose: 'text',
    created_at_ms: 'integer',
    fingerprint: 'text',
    withdrawn_as: 'text',
    withdrawn_at_ms: 'integer',
    opens_until_ms: 'integer',
  },
  grants: {
    client_id: 'text',
    subject: 'text',
    scope: 'text',
    brand: 'text',
    created_at_ms: 'integer',
    revoked_at_ms: 'integer',
    revocation_cause: 'text',
    generation: 'integer',
    key_number: 'integer',
    rotated_at_ms: 'integer',
    earlier_rotations: 'bytes',
    caller_address: 'text',
    caller_user_agent: 'text',
    use_digest: 'bytes',
    vehicle_data: 'text',
  },
  replays: {
    times: 'integer',
    at_ms: 'integer',
    generation: 'integer',
    gap: 'integer',
    since_rotation_ms: 'integer',
    response: 'text',
    looks_like: 'text',
    caller_address: 'text',
    caller_user_agent: 'text',
    rotated_by_address: 'text',
    rotated_by_user_agent: 'text',
  },
  codes: {
    client_id: 'text',
    redirect_uri: 'text',
    code_challenge: 'text',
    key_thumbprint: 'text',
    issued_at_ms: 'integer',
    subject: 'text',
    scope: 'text',
    brand: 'text',
    vehicles: 'text',
    vehicle_data: 'text',
    redeemed_at_ms: 'integer',
    use_digest: 'bytes',
  },
  // Devices poll on, and an approval is a row of codes.
  device_requests: {
    client_id: 'text',
    user_code: 'text',
    scope: 'text',
    code_challenge: 'text',
    issued_at_ms: 'integer',
    interval_seconds: 'integer',
    polled_at_ms: 'integer',
    settled: 'text',
  },
  covered_vehicles: { vehicles: 'text' },
  // A digest of the owner, which every store can compute; the name itself goes beside it.
  consents: { subject_digest: 'bytes' },
  // By grant: each has at most one.
  imported_tokens: { digest: 'bytes', expires_at_ms: 'integer' },
  grant_events: {
    id: 'text',
    at_ms: 'integer',
    kind: 'text',
    grant_id: 'id',
    client_id: 'text',
    subject: 'text',
    request_id: 'text',
    cause: 'text',
    vins: 'text',
  },
  deliveries: {
    attempts: 'integer',
    next_at_ms: 'integer',
    delivered_at_ms: 'integer',
    last_status: 'integer',
    last_error: 'text',
  },
  audit: {
    at_ms: 'integer',
    operator_kind: 'text',
    operator_id: 'text',
    operator_name: 'text',
    operator_role: 'text',
    action: 'text',
    target: 'text',
    reason: 'text',
    request_id: 'text',
    outcome: 'text',
    details: 'text',
    previous_hash: 'text',
    hash: 'text',
  },
} as const satisfies Readonly<Record<string, Readonly<Record<string, ColumnKind>>>>;

/** `bytes` are copied as hexadecimal digits, `id` (64 bits) as decimal digits. */
type ColumnKind = 'integer' | 'text' | 'bytes' | 'id';

export type CopyTable = keyof typeof COLUMNS;

/**
 * The columns that differ whenever a row has changed: a refresh moves the generation, everything else that happens to a
 * grant its revocation, or what its owner changes of its vehicle data; grant events are only added and removed. The id of an imported grant is derived from its token, so
 * the grant may be removed with its client and imported again for another. Rows of other tables are compared as a whole.
 */
export const CHANGE_MARKERS: Readonly<Partial<Record<CopyTable, readonly string[]>>> = {
  grants: ['client_id', 'generation', 'revoked_at_ms', 'revocation_cause', 'vehicle_data'],
  grant_events: [],
};

/** Small tables: read as a whole, keyed by a text. */
export const LISTED_TABLES = ['clients', 'webhooks'] as const;
export type ListedTable = (typeof LISTED_TABLES)[number];

/** What is read page by page: a table, or the deliveries to one webhook. */
export type CopySlice = { readonly table: CopyTable; readonly webhookId?: string };

export type CopyValue = string | number | null;

export type CopyPage = {
  readonly after: bigint | undefined;
  readonly limit: number;
  readonly markersOnly?: boolean;
};

/** A row in a form in which equal rows of any two stores have equal values. */
export type CopyRow<Key = bigint> = {
  readonly key: Key;
  readonly values: readonly CopyValue[];
  /** The owner of a consent. Some stores need it to write the row, others do not store it, so it is not compared. */
  readonly subject?: CopyValue;
};

/** What has to change in a page of the target. */
export type PageChange<Key = bigint> = {
  readonly rows: readonly CopyRow<Key>[];
  readonly gone: readonly Key[];
};

/** Why a store must not be served from, if it must not. */
export type MoveState = {
  /** The store that it has moved to. */
  readonly movedTo: string | undefined;
  /** The store that it is being copied from. */
  readonly copiedFrom: string | undefined;
};

/** A store as a copy uses it: whole rows, without the caches of a server. Each verb throws `StoreError`. */
export type CopyEndpoint = {
  /** Its address, without secrets. */
  readonly name: string;
  readMoveState(): Promise<MoveState>;
  /** Whether there is nothing in it that would mix with a copy. */
  isEmpty(): Promise<boolean>;
  /** From now on no server starts on it, until `finish`. */
  beginFrom(origin: string): Promise<void>;
  finish(): Promise<void>;
  /**
   * Renames the tables, in one step, after which no process serves a request from here. Everything that was committed
   * before is there for the last pass.
   */
  moveTo(destination: string): Promise<void>;
  /** Undoes `moveTo`. */
  moveBack(): Promise<void>;
  /** At most `limit` rows whose keys follow `after`, in the order of keys; with `markersOnly` their `CHANGE_MARKERS` only. */
  read(slice: CopySlice, page: CopyPage): Promise<readonly CopyRow[]>;
  /** The rows of these keys, if they exist. */
  readRows(slice: CopySlice, keys: readonly bigint[]): Promise<readonly CopyRow[]>;
  list(table: ListedTable): Promise<readonly CopyRow<string>[]>;
  write(slice: CopySlice, change: PageChange): Promise<void>;
  writeListed(table: ListedTable, change: PageChange<string>): Promise<void>;
  count(table: CopyTable): Promise<number>;
  close(): Promise<void>;
};
