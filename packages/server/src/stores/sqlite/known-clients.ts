import type { DatabaseSync } from 'node:sqlite';
import type { Client } from '../../clients/client.ts';
import type { ClientReading } from '../../clients/client-store.ts';
import type { RegisteredKey } from '../../tokens/key-state.ts';
import { prepareKeyList } from './keys.ts';
import { prepareValues, toClient, toSecret } from './rows.ts';

const prepareStatements = (database: DatabaseSync) => ({
  // Changes with every commit of another connection: while it does not, everything read before still holds.
  dataVersion: prepareValues(database, 'PRAGMA data_version'),
  // The use of a secret moves no revision.
  selectRevision: database.prepare(
    `SELECT revision, (SELECT total(last_used_at_ms) FROM client_secrets WHERE client_number = number) AS uses
    FROM clients WHERE id = ?`,
  ),
  // Differs whenever a key was added or withdrawn, or the end of its window was moved.
  selectKeysMark: prepareValues(
    database,
    'SELECT count(*), total(number), total(withdrawn_at_ms), total(opens_until_ms) FROM keys',
  ),
  selectId: prepareValues(database, 'SELECT id FROM clients WHERE number = ?'),
  select: database.prepare('SELECT * FROM clients WHERE id = ?'),
  selectSecrets: database.prepare(
    'SELECT * FROM client_secrets WHERE client_number = ? ORDER BY created_at_ms, id',
  ),
});

/** A client as last read, and the version of the store for which it is known to hold. */
type Known = ClientReading & {
  readonly revision: unknown;
  /** Moves with the use of a secret. */
  readonly uses: unknown;
  readonly version: unknown;
};

/**
 * A cache of the clients that is never stale. A client is parsed once. It holds as long as no other connection commits,
 * and after that as long as the `revision` of its row stays the same; so a check costs next to nothing, and a change takes
 * effect with the next request, whichever process makes it.
 */
export const createKnownClients = (database: DatabaseSync) => {
  const sql = prepareStatements(database);
  const known = new Map<string, Known>();
  const ids = new Map<unknown, string>();
  const listKeys = prepareKeyList(database);
  let keys: { readonly mark: string; readonly list: readonly RegisteredKey[] } | undefined;
  let keysVersion: unknown;
  let lastVersion: unknown;
  let isVersionFresh = false;

  /** Read once per synchronous run: all its requests had arrived before it began. */
  const versionNow = (): unknown => {
    if (isVersionFresh) return lastVersion;
    const version = sql.dataVersion.get()?.[0];
    if (version !== lastVersion) ids.clear();
    lastVersion = version;
    isVersionFresh = true;
    queueMicrotask(() => (isVersionFresh = false));
    return version;
  };

  const clientIdOf = (number: unknown): string => {
    versionNow();
    const kept = ids.get(number);
    if (kept !== undefined) return kept;
    const id = String(sql.selectId.get(Number(number))?.[0]);
    ids.set(number, id);
    return id;
  };

  const parse = (id: string): Client | undefined => {
    const row = sql.select.get(id);
    if (row === undefined) return undefined;
    return toClient(row, sql.selectSecrets.all(Number(row['number'])).map(toSecret));
  };

  /** The very same list as long as the keys are the same. */
  const keysAt = (version: unknown): readonly RegisteredKey[] => {
    if (keys !== undefined && keysVersion === version) return keys.list;
    const mark = String(sql.selectKeysMark.get());
    if (keys?.mark !== mark) keys = { mark, list: listKeys() };
    keysVersion = version;
    return keys.list;
  };

  const readClient = (id: string): ClientReading => {
    const version = versionNow();
    const kept = known.get(id);
    if (kept !== undefined && kept.version === version) return kept;
    const row = sql.selectRevision.get(id);
    if (row === undefined) {
      known.delete(id);
      return { client: undefined, keys: keysAt(version) };
    }
    const { revision, uses } = row;
    const isSame = kept !== undefined && kept.revision === revision && kept.uses === uses;
    const client = isSame ? kept.client : parse(id);
    const reading = { client, keys: keysAt(version), revision, uses, version };
    known.set(id, reading);
    return reading;
  };

  return {
    read: readClient,
    /** The id of the client with this number. */
    clientIdOf,
    /** This connection is about to change or remove a client. */
    forgetOne(id: string): void {
      known.delete(id);
      ids.clear();
    },
    /** Another connection may have committed within this synchronous run. */
    recheck(): void {
      isVersionFresh = false;
    },
    /** Forgets everything: it was read in a transaction that was rolled back, or this connection changed what belongs to it. */
    forget(): void {
      known.clear();
      ids.clear();
      keys = undefined;
      isVersionFresh = false;
    },
  };
};

export type KnownClients = ReturnType<typeof createKnownClients>;
