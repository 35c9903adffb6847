/**
 * What a copy carries of each kind of thing, in the order in which it is carried: the columns beside its key, of 64 bits. The form is
 * that of PostgreSQL's tables; other stores translate. Callers, scopes and secrets go with what names them.
 */
export const COLUMNS = {
  keys: { created_at: 'integer', fingerprint: 'text' },
  grants: {
    client_id: 'text',
    subject: 'text',
    scope: 'text',
    brand: 'text',
    created_at: 'integer',
    revoked_at: 'integer',
    revocation_cause: 'text',
    generation: 'integer',
    key_number: 'integer',
    rotated_at_ms: 'integer',
    earlier_rotations: 'bytes',
    caller_address: 'text',
    caller_user_agent: 'text',
    use_digest: 'bytes',
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
    issued_at: 'integer',
    subject: 'text',
    scope: 'text',
    brand: 'text',
    vehicles: 'text',
    redeemed_at_ms: 'integer',
    use_digest: 'bytes',
  },
  covered_vehicles: { vehicles: 'text' },
  // Of the owner a digest, which every store can tell; the name itself goes beside it.
  consents: { subject_digest: 'bytes' },
  // By their grants, of which each has one at most.
  imported_tokens: { digest: 'bytes', expires_at: 'integer' },
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
} as const satisfies Readonly<Record<string, Readonly<Record<string, ColumnKind>>>>;

/** `bytes` are carried in hexadecimal digits, `id` (64 bits) in decimal ones. */
type ColumnKind = 'integer' | 'text' | 'bytes' | 'id';

export type CopyTable = keyof typeof COLUMNS;

/**
 * The columns by which a row shows that it has changed at all: a refresh moves the generation, and what else happens to a
 * grant its revocation; grant events only come and go. The id of an imported grant is its token's, so that it may go with its client and
 * come again for another. Tables that are not here are compared whole.
 */
export const CHANGE_MARKERS: Readonly<Partial<Record<CopyTable, readonly string[]>>> = {
  grants: ['client_id', 'generation', 'revoked_at', 'revocation_cause'],
  grant_events: [],
};

/** What is few: read whole, and known by a text. */
export const LISTED_TABLES = ['clients', 'webhooks'] as const;
export type ListedTable = (typeof LISTED_TABLES)[number];

/** What is paged through: a table, or of the deliveries those to one webhook. */
export type Part = { readonly table: CopyTable; readonly webhookId?: string };

export type CopyValue = string | number | null;

export type CopyPage = {
  readonly after: bigint | undefined;
  readonly limit: number;
  readonly markersOnly?: boolean;
};

/** A row in the one form that equal rows of any two stores have, so that they are compared value by value. */
export type CopyRow<Key = bigint> = {
  readonly key: Key;
  readonly values: readonly CopyValue[];
  /** Of a consent its owner: some stores need it to write the row, and others do not keep it there, so it is not compared. */
  readonly subject?: CopyValue;
};

/** What a page of the target lacks, and what it has too much. */
export type PageChange<Key = bigint> = {
  readonly rows: readonly CopyRow<Key>[];
  readonly gone: readonly Key[];
};

/** What is written into a store that is not to be served from. */
export type Standing = {
  /** Where it has moved to. */
  readonly movedTo: string | undefined;
  /** From where it is being filled. */
  readonly copiedFrom: string | undefined;
};

/** A store as a copy sees it: whole rows, past everything that a server keeps in mind. Each verb throws `StoreError`. */
export type CopyEndpoint = {
  /** How people know it; without what is secret of its address. */
  readonly name: string;
  readStanding(): Promise<Standing>;
  /** Whether it holds nothing that a copy would be mixed with. */
  isEmpty(): Promise<boolean>;
  /** From now on no server starts here, until `finish`. */
  beginFrom(origin: string): Promise<void>;
  finish(): Promise<void>;
  /**
   * In one step, after which no request is served from here by any process: what it would read and write is put away. Whatever was
   * committed before is there for the last pass.
   */
  moveTo(destination: string): Promise<void>;
  /** Undoes `moveTo`. */
  moveBack(): Promise<void>;
  /** At most `limit` rows whose keys follow `after`, in the order of keys; with `markersOnly` their `CHANGE_MARKERS` only. */
  read(part: Part, page: CopyPage): Promise<readonly CopyRow[]>;
  /** The rows of these keys, as far as they are there. */
  readOf(part: Part, keys: readonly bigint[]): Promise<readonly CopyRow[]>;
  list(table: ListedTable): Promise<readonly CopyRow<string>[]>;
  write(part: Part, change: PageChange): Promise<void>;
  writeListed(table: ListedTable, change: PageChange<string>): Promise<void>;
  count(table: CopyTable): Promise<number>;
  close(): Promise<void>;
};
