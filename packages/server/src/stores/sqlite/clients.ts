import type { DatabaseSync } from 'node:sqlite';
import type { Client } from '../../clients/client.ts';
import { parsePolicy } from '../../clients/policy.ts';
import type { ClientReading, Store } from '../../grants/store.ts';
import type { Connection } from './store.ts';
import { prepareValues, toClient, toSecret } from './rows.ts';

type ClientVerbs = Pick<
  Store,
  | 'createClient'
  | 'readClient'
  | 'listClients'
  | 'changeClient'
  | 'removeClient'
  | 'addSecret'
  | 'removeSecret'
>;

const prepareStatements = (database: DatabaseSync) => ({
  selectRevision: database.prepare(
    'SELECT revision, (SELECT max(number) FROM keys) AS newest_key FROM clients WHERE id = ?',
  ),
  // Moves with every commit of another connection, so while it stands nothing known from before has changed.
  dataVersion: prepareValues(database, 'PRAGMA data_version'),
  selectId: prepareValues(database, 'SELECT id FROM clients WHERE number = ?'),
  selectNewestKey: database.prepare('SELECT max(number) AS newest_key FROM keys'),
  select: database.prepare('SELECT * FROM clients WHERE id = ?'),
  selectSecrets: database.prepare('SELECT * FROM client_secrets WHERE client = ? ORDER BY created_at, id'),
  list: database.prepare('SELECT id FROM clients ORDER BY number'),
  insert: database.prepare(
    `INSERT OR IGNORE INTO clients (id, dialect, name, policy, created_at, disabled_at, revision)
    VALUES (?, ?, ?, ?, ?, ?, abs(random() % 1000000000000))`,
  ),
  update: database.prepare(
    'UPDATE clients SET name = ?, policy = ?, disabled_at = ?, revision = revision + 1 WHERE id = ?',
  ),
  touch: database.prepare('UPDATE clients SET revision = revision + 1 WHERE id = ?'),
  remove: database.prepare('DELETE FROM clients WHERE id = ?'),
  countGrants: database.prepare(
    'SELECT count(*) AS grants FROM grants WHERE client = (SELECT number FROM clients WHERE id = ?)',
  ),
  removeGrants: database.prepare(
    'DELETE FROM grants WHERE client = (SELECT number FROM clients WHERE id = ?)',
  ),
  insertSecret: database.prepare(
    'INSERT INTO client_secrets (id, client, name, digest, created_at, expires_at) SELECT ?, number, ?, ?, ?, ? FROM clients WHERE id = ?',
  ),
  removeSecret: database.prepare(
    'DELETE FROM client_secrets WHERE id = ? AND client = (SELECT number FROM clients WHERE id = ?)',
  ),
});

/** A client as last read, and the version of the store for which that is known to hold. */
type Known = ClientReading & { readonly revision: unknown; readonly version: unknown };

/**
 * The clients' verbs. A client is parsed once. It is known to hold while no other connection has committed, and after
 * that while its row's `revision` has not moved; so the check of a client costs next to nothing, and a change takes
 * effect with the next request, whichever process made it.
 */
export const createClients = ({ database, commits, read }: Connection) => {
  const sql = prepareStatements(database);
  const known = new Map<string, Known>();
  const ids = new Map<unknown, string>();
  let lastVersion: unknown;
  let isVersionFresh = false;

  /** Asked for once in a synchronous run, whose requests had all arrived before it began. */
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

  const readClient = (id: string): ClientReading => {
    const version = versionNow();
    const kept = known.get(id);
    if (kept !== undefined && kept.version === version) return kept;
    const row = sql.selectRevision.get(id);
    if (row === undefined) {
      known.delete(id);
      return { client: undefined, newestKeyNumber: Number(sql.selectNewestKey.get()?.['newest_key']) };
    }
    const { revision, newest_key: newestKey } = row;
    const client = kept !== undefined && kept.revision === revision ? kept.client : parse(id);
    const reading = { client, newestKeyNumber: Number(newestKey), revision, version };
    known.set(id, reading);
    return reading;
  };

  const verbs: ClientVerbs = {
    createClient: (client) =>
      commits.run(() => {
        const { id, dialect, name, policy, createdAt, disabledAt } = client;
        if (
          sql.insert.run(id, dialect, name, JSON.stringify(policy), createdAt, disabledAt ?? null).changes ===
          0
        ) {
          return 'id_taken';
        }
        for (const secret of client.secrets) {
          sql.insertSecret.run(
            secret.id,
            secret.name,
            secret.digest,
            secret.createdAt,
            secret.expiresAt ?? null,
            id,
          );
        }
        return 'created';
      }),
    readClient: (id) => read(() => readClient(id)),
    listClients: () =>
      read(() => sql.list.all().flatMap((row) => readClient(String(row['id'])).client ?? [])),
    changeClient: (id, change) =>
      commits.run(() => {
        const { client } = readClient(id);
        if (client === undefined) return 'unknown';
        const parsed = parsePolicy({ ...client.policy, ...change.policy });
        if ('faults' in parsed) return parsed;
        const disabledAt = change.disabledAt === undefined ? (client.disabledAt ?? null) : change.disabledAt;
        known.delete(id);
        sql.update.run(change.name ?? client.name, JSON.stringify(parsed.policy), disabledAt, id);
        return 'changed';
      }),
    removeClient: (id, { withGrants }) =>
      commits.run(() => {
        if (!withGrants && Number(sql.countGrants.get(id)?.['grants']) > 0) return 'has_grants';
        known.delete(id);
        ids.clear();
        sql.removeGrants.run(id);
        return sql.remove.run(id).changes === 1 ? 'removed' : 'unknown';
      }),
    addSecret: (clientId, secret) =>
      commits.run(() => {
        known.delete(clientId);
        if (sql.touch.run(clientId).changes === 0) return 'unknown';
        sql.insertSecret.run(
          secret.id,
          secret.name,
          secret.digest,
          secret.createdAt,
          secret.expiresAt ?? null,
          clientId,
        );
        return 'added';
      }),
    removeSecret: (clientId, secretId, options) =>
      commits.run(() => {
        const secrets = readClient(clientId).client?.secrets ?? [];
        const isLast = secrets.length === 1 && secrets[0]?.id === secretId;
        if (isLast && options?.keepLast === true) return 'last';
        known.delete(clientId);
        sql.touch.run(clientId);
        return sql.removeSecret.run(secretId, clientId).changes === 1 ? 'removed' : 'unknown';
      }),
  };
  return {
    verbs,
    /** The client as the running transaction sees it. */
    read: (id: string): Client | undefined => readClient(id).client,
    /** The id of the client with this number. */
    clientIdOf,
    /** Drops what is known: it was read in a transaction that was undone, or this connection changed what goes with it. */
    forget(): void {
      known.clear();
      ids.clear();
      isVersionFresh = false;
    },
  };
};

export type Clients = Omit<ReturnType<typeof createClients>, 'verbs'>;
