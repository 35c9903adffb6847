import type { Client } from '../../../clients/client.ts';
import type { ClientReading } from '../../../clients/client-store.ts';
import type { Query } from '../connection/transaction.ts';
import { canBeText, toClient } from './rows.ts';

/** A client as it was read, with what tells whether it has changed since. */
export type KnownClient = ClientReading & { readonly revision: number | undefined };

type Kept = { readonly reading: KnownClient; readonly asOf: number };

const CLIENTS_MAX = 10_000;

/**
 * SQL for the revision of a client after a change. By how much it moves is left to chance: a failover may lose a change, and the
 * next one must not arrive at the revision that nodes remember the lost one by.
 */
export const NEXT_REVISION = 'revision + 1 + floor(random() * 4294967296)::bigint';

/** The columns that a reading of clients needs. */
const SELECT = `SELECT c.id, c.revision, c.dialect, c.type, c.name, c.redirect_uris, c.consent_redirect_uri, c.policy,
    c.secrets, c.created_at, c.disabled_at, c.has_imported_tokens, k.newest_key
  FROM (SELECT coalesce(max(number), 0) AS newest_key FROM keys) AS k
  LEFT JOIN clients AS c ON c.id = ANY($1::text[])`;

/**
 * The clients as this node knows them. A reading is used for `freshMs`, and so a change made by another node takes effect
 * within that time; one made here takes effect at once. Readings wanted at one moment are asked for in one
 * statement. `revision` moves with every change, and the statement of a refresh compares it, so that no refresh is judged
 * by a policy that has changed.
 */
export const createKnownClients = (
  read: Query,
  { freshMs, now }: { readonly freshMs: number; readonly now: () => number },
) => {
  const kept = new Map<string, Kept>();
  let epoch = 0;
  let next:
    { readonly ids: Set<string>; readonly answer: Promise<ReadonlyMap<string, KnownClient>> } | undefined;

  /** Reads clients as they are, past everything that is known of them. */
  const load = async (query: Query, ids: readonly string[]): Promise<ReadonlyMap<string, KnownClient>> => {
    const rows = await query(SELECT, [ids.filter(canBeText)]);
    const newestKeyNumber = Number(rows[0]?.['newest_key']);
    const readings = new Map<string, KnownClient>(
      ids.map((id) => [id, { client: undefined, newestKeyNumber, revision: undefined }]),
    );
    for (const row of rows) {
      if (row['id'] === null) continue;
      const id = String(row['id']);
      const revision = Number(row['revision']);
      const before = kept.get(id)?.reading;
      const client = before?.revision === revision ? before.client : toClient(row);
      readings.set(id, { client, newestKeyNumber, revision });
    }
    return readings;
  };

  const loadTogether = (id: string): Promise<ReadonlyMap<string, KnownClient>> => {
    if (next === undefined) {
      const ids = new Set<string>();
      const answer = new Promise<void>((resolve) => setImmediate(resolve)).then(async () => {
        next = undefined;
        const [asOf, before] = [now(), epoch];
        const readings = await load(read, [...ids]);
        if (before === epoch) remember(readings, asOf);
        return readings;
      });
      next = { ids, answer };
    }
    next.ids.add(id);
    return next.answer;
  };

  /** Who is not there is not remembered: anybody may ask for anybody. */
  const remember = (readings: ReadonlyMap<string, KnownClient>, asOf: number): void => {
    if (kept.size + readings.size > CLIENTS_MAX) kept.clear();
    for (const [id, reading] of readings) if (reading.client !== undefined) kept.set(id, { reading, asOf });
  };

  const loadOne = async (id: string): Promise<KnownClient> => {
    const reading = (await loadTogether(id)).get(id);
    if (reading === undefined) throw new Error('a client that was asked for was not answered');
    return reading;
  };

  return {
    /** A client no older than `freshMs`. */
    async read(id: string): Promise<KnownClient> {
      const known = kept.get(id);
      return known !== undefined && now() - known.asOf < freshMs ? known.reading : loadOne(id);
    },
    /** A client as it was read at any time, for a statement that compares its revision. */
    recall: async (id: string): Promise<KnownClient> => kept.get(id)?.reading ?? loadOne(id),
    load,
    /** A client was changed, here or, as its revision told, elsewhere. */
    forget(id: string): void {
      epoch++;
      kept.delete(id);
    },
    forgetAll(): void {
      epoch++;
      kept.clear();
    },
  };
};

export type KnownClients = ReturnType<typeof createKnownClients>;

/** The client, if it may have tokens. */
export const enabled = (client: Client | undefined): Client | undefined =>
  client?.disabledAt === undefined ? client : undefined;
