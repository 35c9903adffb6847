import type { DatabaseSync } from 'node:sqlite';
import { changeClient } from '../../clients/change.ts';
import type { Client, ClientSecret } from '../../clients/client.ts';
import type { ClientStore } from '../../clients/client-store.ts';
import { writeKeys } from '../../clients/client-keys.ts';
import { writeProfile } from '../../clients/profile.ts';
import { FIRST_PLACE, LAST_PLACE, lowerAscii } from '../../clients/client-search.ts';
import { waitsForApproval, writeRegistration } from '../../clients/registration.ts';
import type { RegistrationStore } from '../../clients/registration-store.ts';
import { isUseNews, removeSecret, withSecret } from '../../clients/secret.ts';
import type { KnownClients } from './known-clients.ts';
import { createRegistrationVerbs } from './registrations.ts';
import { toOptionalNumber, toTexts } from './rows.ts';
import type { Connection } from './connection.ts';

export const LIST_WAITING = `SELECT id FROM clients WHERE waits_for_approval = 1 AND (created_at_ms, id) > (?, ?)
  ORDER BY created_at_ms, id LIMIT ?`;

export const FIND = `SELECT id FROM clients WHERE (created_at_ms, id) > (?1, ?2) AND (created_at_ms, id) <= (?3, ?4)
  AND (instr(lower(id), ?5) > 0 OR instr(lower(name), ?5) > 0) ORDER BY created_at_ms, id LIMIT ?6`;
export const FIND_PLACE = `SELECT created_at_ms, id FROM clients WHERE (created_at_ms, id) > (?, ?)
  ORDER BY created_at_ms, id LIMIT 1 OFFSET ?`;
/** Not `max`, which would read the whole index. */
export const READ_LONGEST_LIFETIME = `SELECT json_extract(policy, '$.accessTokenLifetimeSeconds') AS seconds FROM clients
  ORDER BY json_extract(policy, '$.accessTokenLifetimeSeconds') DESC LIMIT 1`;

const prepareStatements = (database: DatabaseSync) => ({
  list: database.prepare('SELECT id FROM clients ORDER BY number'),
  find: database.prepare(FIND),
  findPlace: database.prepare(FIND_PLACE),
  readLongestLifetime: database.prepare(READ_LONGEST_LIFETIME),
  listWaiting: database.prepare(LIST_WAITING),
  listPublicRedirectUris: database.prepare(
    `SELECT redirect_uris FROM clients WHERE type = 'public' AND disabled_at_ms IS NULL`,
  ),
  insert: database.prepare(
    `INSERT OR IGNORE INTO clients (id, dialect, type, name, redirect_uris, consent_redirect_uri, profile, policy, client_keys, registration, waits_for_approval, created_at_ms, disabled_at_ms, has_imported_tokens, revision)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, abs(random() % 1000000000000))`,
  ),
  update: database.prepare(
    `UPDATE clients SET name = ?, redirect_uris = ?, consent_redirect_uri = ?, profile = ?, policy = ?, client_keys = ?, registration = ?, waits_for_approval = ?, disabled_at_ms = ?,
      revision = revision + 1 WHERE id = ?`,
  ),
  touch: database.prepare('UPDATE clients SET revision = revision + 1 WHERE id = ?'),
  remove: database.prepare('DELETE FROM clients WHERE id = ?'),
  selectGrant: database.prepare(
    'SELECT 1 FROM grants WHERE client_number = (SELECT number FROM clients WHERE id = ?) LIMIT 1',
  ),
  removeConsents: database.prepare(
    'DELETE FROM consents WHERE grant_id IN (SELECT id FROM grants WHERE client_number = (SELECT number FROM clients WHERE id = ?))',
  ),
  removeCodes: database.prepare('DELETE FROM codes WHERE client_id = ?'),
  removeGrants: database.prepare(
    'DELETE FROM grants WHERE client_number = (SELECT number FROM clients WHERE id = ?)',
  ),
  insertSecret: database.prepare(
    'INSERT INTO client_secrets (id, client_number, name, digest, created_at_ms, expires_at_ms) SELECT ?, number, ?, ?, ?, ? FROM clients WHERE id = ?',
  ),
  selectSecret: database.prepare(
    `SELECT last_used_at_ms FROM client_secrets
    WHERE id = ? AND client_number = (SELECT number FROM clients WHERE id = ?)`,
  ),
  endSecret: database.prepare('UPDATE client_secrets SET expires_at_ms = ? WHERE id = ?'),
  noteUse: database.prepare('UPDATE client_secrets SET last_used_at_ms = ? WHERE id = ?'),
  removeSecret: database.prepare(
    'DELETE FROM client_secrets WHERE id = ? AND client_number = (SELECT number FROM clients WHERE id = ?)',
  ),
});

const insertSecret = (
  sql: ReturnType<typeof prepareStatements>,
  { id, name, digest, createdAtMs, expiresAtMs }: ClientSecret,
  clientId: string,
): void => void sql.insertSecret.run(id, name, digest, createdAtMs, expiresAtMs ?? null, clientId);

/** Inside the open transaction. */
const insertClient = (sql: ReturnType<typeof prepareStatements>, client: Client): 'created' | 'id_taken' => {
  const { id, dialect, type, name, policy, createdAtMs, disabledAtMs = null } = client;
  const redirects = [JSON.stringify(client.redirectUris), client.consentRedirectUri ?? null];
  const { changes } = sql.insert.run(
    id,
    dialect,
    type,
    name,
    ...redirects,
    writeProfile(client.profile),
    JSON.stringify(policy),
    writeKeys(client.keys),
    writeRegistration(client.registration),
    waitsForApproval(client) ? 1 : 0,
    createdAtMs,
    disabledAtMs,
    client.hasImportedTokens === true ? 1 : 0,
  );
  if (changes === 0) return 'id_taken';
  for (const secret of client.secrets) insertSecret(sql, secret, id);
  return 'created';
};

/** Creates, changes and removes clients, and keeps the cache of them right. */
export const createClientVerbs = (
  connection: Connection,
  known: KnownClients,
): ClientStore & RegistrationStore => {
  const { database, commits } = connection;
  const sql = prepareStatements(database);
  return {
    createClient: (client) => commits.run(() => insertClient(sql, client)),
    ...createRegistrationVerbs(connection, (client) => insertClient(sql, client)),
    ...createReadVerbs(connection, known, sql),
    changeClient: (id, change) =>
      commits.run(() => {
        const { client } = known.read(id);
        if (client === undefined) return 'unknown';
        const changed = changeClient(client, change);
        if ('faults' in changed) return changed;
        const {
          name,
          redirectUris,
          consentRedirectUri = null,
          profile,
          policy,
          keys,
          registration,
          disabledAtMs = null,
        } = changed;
        known.forgetOne(id);
        sql.update.run(
          name,
          JSON.stringify(redirectUris),
          consentRedirectUri,
          writeProfile(profile),
          JSON.stringify(policy),
          writeKeys(keys),
          writeRegistration(registration),
          waitsForApproval({ registration }) ? 1 : 0,
          disabledAtMs,
          id,
        );
        return 'changed';
      }),
    removeClient: (id, { withGrants }) =>
      commits.run(() => {
        if (!withGrants && sql.selectGrant.get(id) !== undefined) return 'has_grants';
        known.forgetOne(id);
        sql.removeCodes.run(id);
        sql.removeConsents.run(id);
        sql.removeGrants.run(id);
        return sql.remove.run(id).changes === 1 ? 'removed' : 'unknown';
      }),
    addSecret: (clientId, secret, roll) =>
      commits.run(() => {
        const { client } = known.read(clientId);
        if (client === undefined) return 'unknown';
        const secrets = withSecret(client.secrets, secret, roll);
        if (secrets === 'too_many') return secrets;
        known.forgetOne(clientId);
        sql.touch.run(clientId);
        for (const { id, expiresAtMs } of secrets)
          if (id !== secret.id) sql.endSecret.run(expiresAtMs ?? null, id);
        insertSecret(sql, secret, clientId);
        return 'added';
      }),
    removeSecret: (clientId, secretId, options) =>
      commits.run(() => {
        const secrets = known.read(clientId).client?.secrets ?? [];
        const rest = removeSecret(secrets, secretId, { keepLast: options?.keepLast === true });
        if (typeof rest === 'string') return rest;
        known.forgetOne(clientId);
        sql.touch.run(clientId);
        sql.removeSecret.run(secretId, clientId);
        return 'removed';
      }),
    noteSecretUse: (clientId, secretId, nowMs) =>
      commits.run(() => {
        const row = sql.selectSecret.get(secretId, clientId);
        if (row === undefined) return;
        // Another process may have recorded a use, which does not move the revision, so the cache cannot know.
        known.forgetOne(clientId);
        if (isUseNews(toOptionalNumber(row['last_used_at_ms']), nowMs)) sql.noteUse.run(nowMs, secretId);
      }),
  };
};

const createReadVerbs = (
  { read, readNow }: Connection,
  known: KnownClients,
  sql: ReturnType<typeof prepareStatements>,
): Pick<
  ClientStore,
  | 'readClient'
  | 'listClients'
  | 'findClients'
  | 'findClientPlace'
  | 'readLongestAccessTokenLifetime'
  | 'listWaitingClients'
  | 'listPublicRedirectUris'
> => ({
  readClient: (id) => readNow(() => known.read(id)),
  listClients: () => read(() => sql.list.all().flatMap((row) => known.read(String(row['id'])).client ?? [])),
  findClients: ({ text = '', after = FIRST_PLACE, until = LAST_PLACE, limit }) =>
    read(() =>
      sql.find
        .all(after.createdAtMs, after.id, until.createdAtMs, until.id, lowerAscii(text), limit)
        .flatMap((row) => known.read(String(row['id'])).client ?? []),
    ),
  findClientPlace: ({ after = FIRST_PLACE, limit }) =>
    read(() => {
      const row = sql.findPlace.get(after.createdAtMs, after.id, limit - 1);
      return row === undefined
        ? undefined
        : { createdAtMs: Number(row['created_at_ms']), id: String(row['id']) };
    }),
  readLongestAccessTokenLifetime: () => read(() => Number(sql.readLongestLifetime.get()?.['seconds'] ?? 0)),
  listWaitingClients: ({ after = FIRST_PLACE, limit }) =>
    read(() =>
      sql.listWaiting
        .all(after.createdAtMs, after.id, limit)
        .flatMap((row) => known.read(String(row['id'])).client ?? []),
    ),
  listPublicRedirectUris: () =>
    read(() =>
      sql.listPublicRedirectUris
        .all()
        .flatMap((row) => toTexts(row['redirect_uris'], 'clients.redirect_uris')),
    ),
});
