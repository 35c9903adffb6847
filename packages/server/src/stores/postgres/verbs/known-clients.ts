import type { Clock, Millis } from '../../../clock.ts';
import type { Client } from '../../../clients/client.ts';
import type { ClientReading } from '../../../clients/client-store.ts';
import type { RegisteredKey } from '../../../tokens/key-state.ts';
import { KEY_COLUMNS, toKey } from '../../key-rows.ts';
import type { Query, Row } from '../connection/transaction.ts';
import { canBeText, toClient } from './rows.ts';

/** A client as it was read, with the revision by which a change is noticed. */
export type KnownClient = ClientReading & { readonly revision: number | undefined };

type Remembered = { readonly reading: KnownClient; readonly asOf: number };

type Parsed = { readonly revision: number; readonly secrets: unknown; readonly client: Client };

const CLIENTS_MAX = 10_000;

/**
 * SQL for the revision of a client after a change. The step is random: a failover may lose a change, and the next change
 * must not lead to the same revision, under which nodes remember the lost one.
 */
export const NEXT_REVISION = 'revision + 1 + floor(random() * 4294967296)::bigint';

const SELECT = `SELECT c.id, c.revision, c.dialect, c.type, c.name, c.redirect_uris, c.consent_redirect_uri, c.profile, c.policy,
    c.client_keys, c.registration, c.secrets, c.created_at_ms, c.disabled_at_ms, c.has_imported_tokens, k.mark AS keys_mark
  FROM (SELECT concat_ws(' ', count(*), sum(number), sum(withdrawn_at_ms), sum(opens_until_ms)) AS mark FROM keys) AS k
  LEFT JOIN clients AS c ON c.id = ANY($1::text[])`;

const SELECT_KEYS = `SELECT ${KEY_COLUMNS} FROM keys ORDER BY number DESC`;

/**
 * The clients as this node knows them. A reading is used for `freshMs`, so a change by another node takes effect within
 * that time, and a change by this node at once. Clients needed at the same moment are read in one statement.
 * Every change moves `revision`, and the statement of a refresh compares it, so no refresh is judged by an outdated
 * policy.
 */
export const createKnownClients = (
  read: Query,
  { freshMs, now }: { readonly freshMs: Millis; readonly now: Clock },
) => {
  const remembered = new Map<string, Remembered>();
  const parsed = new Map<string, Parsed>();
  let knownKeys: { readonly mark: string; readonly list: readonly RegisteredKey[] } | undefined;
  let changes = 0;
  let next:
    { readonly ids: Set<string>; readonly answer: Promise<ReadonlyMap<string, KnownClient>> } | undefined;

  /** The very same list as long as the keys are the same; read again where their mark has changed. */
  const keysOf = async (query: Query, mark: string): Promise<readonly RegisteredKey[]> => {
    if (knownKeys?.mark !== mark) knownKeys = { mark, list: (await query(SELECT_KEYS)).map(toKey) };
    return knownKeys.list;
  };

  /** A row is parsed once, until a change moves its revision or the use of a secret its secrets. */
  const parse = (row: Row): Client => {
    const id = String(row['id']);
    const [revision, secrets] = [Number(row['revision']), row['secrets']];
    const before = parsed.get(id);
    if (before?.revision === revision && before.secrets === secrets) return before.client;
    const client = toClient(row);
    if (parsed.size >= CLIENTS_MAX) parsed.clear();
    parsed.set(id, { revision, secrets, client });
    return client;
  };

  /** Reads clients from the database, whatever is remembered of them. */
  const load = async (query: Query, ids: readonly string[]): Promise<ReadonlyMap<string, KnownClient>> => {
    const rows = await query(SELECT, [ids.filter(canBeText)]);
    const keys = await keysOf(query, String(rows[0]?.['keys_mark']));
    const readings = new Map<string, KnownClient>(
      ids.map((id) => [id, { client: undefined, keys, revision: undefined }]),
    );
    for (const row of rows) {
      if (row['id'] === null) continue;
      const id = String(row['id']);
      const revision = Number(row['revision']);
      readings.set(id, { client: parse(row), keys, revision });
    }
    return readings;
  };

  const loadTogether = (id: string): Promise<ReadonlyMap<string, KnownClient>> => {
    if (next === undefined) {
      const ids = new Set<string>();
      const answer = new Promise<void>((resolve) => setImmediate(resolve)).then(async () => {
        next = undefined;
        const [asOf, changesBefore] = [now(), changes];
        const readings = await load(read, [...ids]);
        if (changesBefore === changes) remember(readings, asOf);
        return readings;
      });
      next = { ids, answer };
    }
    next.ids.add(id);
    return next.answer;
  };

  /** Unknown ids are not remembered, because anybody may ask for any id. */
  const remember = (readings: ReadonlyMap<string, KnownClient>, asOf: number): void => {
    if (remembered.size + readings.size > CLIENTS_MAX) remembered.clear();
    for (const [id, reading] of readings)
      if (reading.client !== undefined) remembered.set(id, { reading, asOf });
  };

  const loadOne = async (id: string): Promise<KnownClient> => {
    const reading = (await loadTogether(id)).get(id);
    if (reading === undefined) throw new Error('the answer lacks a client that was asked for');
    return reading;
  };

  return {
    /** A client no older than `freshMs`. */
    async read(id: string): Promise<KnownClient> {
      const known = remembered.get(id);
      return known !== undefined && now() - known.asOf < freshMs ? known.reading : loadOne(id);
    },
    /** A client of any age, for a statement that compares its revision. */
    recall: async (id: string): Promise<KnownClient> => remembered.get(id)?.reading ?? loadOne(id),
    load,
    /** The client of a row with all columns. */
    parse,
    /** A client was changed here, or its revision shows that it was changed elsewhere. */
    forget(id: string): void {
      changes++;
      remembered.delete(id);
      parsed.delete(id);
    },
    forgetAll(): void {
      changes++;
      knownKeys = undefined;
      remembered.clear();
      parsed.clear();
    },
  };
};

export type KnownClients = ReturnType<typeof createKnownClients>;
