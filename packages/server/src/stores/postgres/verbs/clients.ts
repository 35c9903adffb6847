import { randomInt } from 'node:crypto';
import { changeClient } from '../../../clients/change.ts';
import type { Client } from '../../../clients/client.ts';
import { FIRST_PLACE, LAST_PLACE, lowerAscii } from '../../../clients/client-search.ts';
import { writeKeys } from '../../../clients/client-keys.ts';
import { writeProfile } from '../../../clients/profile.ts';
import { waitsForApproval, writeRegistration } from '../../../clients/registration.ts';
import type { RegistrationStore } from '../../../clients/registration-store.ts';
import { isUseNews, removeSecret, withSecret } from '../../../clients/secret.ts';
import type { Store } from '../../../grants/store.ts';
import { removeGrantsOf } from './grant-rows.ts';
import { NEXT_REVISION } from './known-clients.ts';
import type { KnownClients } from './known-clients.ts';
import type { Connections } from '../connection/pool.ts';
import { createRegistrationVerbs } from './registrations.ts';
import { canBeText, toClient, toTexts } from './rows.ts';
import type { Transaction } from '../connection/transaction.ts';
import { writeSecrets } from '../../copy/row-form.ts';
import { LOCK_AGAINST_CHANGES } from '../connection/engine.ts';

type ClientVerbs = Pick<
  Store,
  | 'createClient'
  | 'readClient'
  | 'listClients'
  | 'findClients'
  | 'findClientPlace'
  | 'readLongestAccessTokenLifetime'
  | 'listWaitingClients'
  | 'listPublicRedirectUris'
  | 'changeClient'
  | 'removeClient'
  | 'addSecret'
  | 'removeSecret'
  | 'noteSecretUse'
> &
  RegistrationStore;

const INSERT = `INSERT INTO clients (id, revision, dialect, type, created_at_ms, name, redirect_uris, consent_redirect_uri,
    profile, policy, client_keys, registration, waits_for_approval, secrets, disabled_at_ms, has_imported_tokens)
  VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16) ON CONFLICT (id) DO NOTHING RETURNING id`;

const UPDATE = `UPDATE clients SET revision = ${NEXT_REVISION}, name = $2, redirect_uris = $3, consent_redirect_uri = $4,
  profile = $5, policy = $6, client_keys = $7, registration = $8, waits_for_approval = $9, secrets = $10,
  disabled_at_ms = $11 WHERE id = $1`;

/** Letters of ASCII only: without a collation, `lower` follows the locale of the database. */
const inLowerCase = (column: string): string => `lower(${column} COLLATE "C")`;
/** The inner statement reads the index alone, because rows are long. */
const FIND = `SELECT clients.* FROM (
    SELECT id FROM clients WHERE (created_at_ms, id) > ($1, $2) AND (created_at_ms, id) <= ($3, $4)
    AND ($5 = '' OR strpos(${inLowerCase('id')}, $5) > 0 OR strpos(${inLowerCase('name')}, $5) > 0)
    ORDER BY created_at_ms, id LIMIT $6
  ) AS found JOIN clients USING (id) ORDER BY created_at_ms, id`;
const FIND_PLACE = `SELECT created_at_ms, id FROM clients WHERE (created_at_ms, id) > ($1, $2)
  ORDER BY created_at_ms, id OFFSET $3 LIMIT 1`;
const READ_LONGEST_LIFETIME = `SELECT max((policy::jsonb ->> 'accessTokenLifetimeSeconds')::bigint) AS seconds FROM clients`;
const LIST_WAITING = `SELECT * FROM clients WHERE waits_for_approval AND (created_at_ms, id) > ($1, $2)
  ORDER BY created_at_ms, id LIMIT $3`;

const SELECT_PUBLIC_REDIRECT_URIS = `SELECT redirect_uris FROM clients WHERE type = 'public' AND disabled_at_ms IS NULL`;

/** For the removal of a client with all its grants. */
const TIMEOUT_MS = 600_000;
/** A client created again under an old id must not have a revision that the old one had. */
const FIRST_REVISION_MAX = 2 ** 40;

const changeable = (client: Client): readonly unknown[] => [
  client.name,
  JSON.stringify(client.redirectUris),
  client.consentRedirectUri ?? null,
  writeProfile(client.profile),
  JSON.stringify(client.policy),
  writeKeys(client.keys),
  writeRegistration(client.registration),
  waitsForApproval(client),
  writeSecrets(client.secrets),
  client.disabledAtMs ?? null,
];

/** The parameters of `INSERT`. */
const insertedValues = (client: Client): readonly unknown[] => {
  const { id, dialect, type, createdAtMs } = client;
  const first = [id, randomInt(FIRST_REVISION_MAX), dialect, type, createdAtMs];
  return [...first, ...changeable(client), client.hasImportedTokens === true];
};

/** Reads and changes clients, and forgets what this node knows of those that change. */
export const createClientVerbs = (
  { read, write, transact }: Connections,
  known: KnownClients,
): ClientVerbs => {
  /** Changes a locked client as `decide` says, or returns its answer. */
  const change = async <Answer>(
    id: string,
    decide: (client: Client) => { readonly changed: Client } | { readonly answer: Answer },
  ): Promise<'changed' | 'unknown' | Answer> => {
    if (!canBeText(id)) return 'unknown';
    try {
      return await transact(async (transaction) => {
        const client = await lock(transaction.query, id);
        if (client === undefined) return 'unknown';
        const decision = decide(client);
        if ('answer' in decision) return decision.answer;
        transaction.write(UPDATE, [id, ...changeable(decision.changed)]);
        return 'changed';
      });
    } finally {
      // Even if the answer was lost: the change may have taken place.
      known.forget(id);
    }
  };

  return {
    createClient: async (client) =>
      (await write(INSERT, insertedValues(client))).length === 1 ? 'created' : 'id_taken',
    ...createRegistrationVerbs({ read, write, transact }, { text: INSERT, valuesOf: insertedValues }),
    readClient: (id) => known.read(id),
    listClients: async () =>
      (await read('SELECT * FROM clients ORDER BY created_at_ms, id')).map(known.parse),
    async findClients({ text = '', after = FIRST_PLACE, until = LAST_PLACE, limit }) {
      if (![text, after.id, until.id].every(canBeText)) return [];
      const places = [after.createdAtMs, after.id, until.createdAtMs, until.id];
      return (await read(FIND, [...places, lowerAscii(text), limit])).map(known.parse);
    },
    async findClientPlace({ after = FIRST_PLACE, limit }) {
      if (!canBeText(after.id)) return undefined;
      const [row] = await read(FIND_PLACE, [after.createdAtMs, after.id, limit - 1]);
      return row === undefined
        ? undefined
        : { createdAtMs: Number(row['created_at_ms']), id: String(row['id']) };
    },
    readLongestAccessTokenLifetime: async () =>
      Number((await read(READ_LONGEST_LIFETIME))[0]?.['seconds'] ?? 0),
    listWaitingClients: async ({ after = FIRST_PLACE, limit }) =>
      canBeText(after.id)
        ? (await read(LIST_WAITING, [after.createdAtMs, after.id, limit])).map(known.parse)
        : [],
    listPublicRedirectUris: async () =>
      (await read(SELECT_PUBLIC_REDIRECT_URIS)).flatMap((row) =>
        toTexts(row['redirect_uris'], 'clients.redirect_uris'),
      ),
    changeClient: (id, wanted) =>
      change(id, (client) => {
        const changed = changeClient(client, wanted);
        return 'faults' in changed ? { answer: changed } : { changed };
      }),
    async removeClient(id, { withGrants }) {
      if (!canBeText(id)) return 'unknown';
      try {
        return await transact(
          async (transaction) => {
            const { query } = transaction;
            const rows = await query('SELECT id FROM clients WHERE id = $1 FOR UPDATE', [id]);
            if (rows.length === 0) return 'unknown';
            const grants = await query('SELECT id FROM grants WHERE client_id = $1 LIMIT 1', [id]);
            if (!withGrants && grants.length > 0) return 'has_grants';
            transaction.write('DELETE FROM codes WHERE client_id = $1', [id]);
            removeGrantsOf(transaction, id);
            transaction.write('DELETE FROM clients WHERE id = $1', [id]);
            return 'removed';
          },
          { timeoutMs: TIMEOUT_MS },
        );
      } finally {
        known.forget(id);
      }
    },
    async addSecret(clientId, secret, roll) {
      const outcome = await change<'unknown' | 'too_many'>(clientId, (client) => {
        const secrets = withSecret(client.secrets, secret, roll);
        return secrets === 'too_many' ? { answer: secrets } : { changed: { ...client, secrets } };
      });
      return outcome === 'changed' ? 'added' : outcome;
    },
    async removeSecret(clientId, secretId, options) {
      const outcome = await change<'unknown' | 'last'>(clientId, (client) => {
        const rest = removeSecret(client.secrets, secretId, { keepLast: options?.keepLast === true });
        return typeof rest === 'string' ? { answer: rest } : { changed: { ...client, secrets: rest } };
      });
      return outcome === 'changed' ? 'removed' : outcome;
    },
    noteSecretUse: (clientId, secretId, nowMs) =>
      transact(async (transaction) => {
        if (!canBeText(clientId)) return;
        const secrets = (await lock(transaction.query, clientId))?.secrets ?? [];
        const used = secrets.find((secret) => secret.id === secretId);
        if (used === undefined) return;
        // Another node may have recorded a use, which does not change the revision.
        known.forget(clientId);
        if (!isUseNews(used.lastUsedAtMs, nowMs)) return;
        const noted = secrets.map((secret) => (secret === used ? { ...used, lastUsedAtMs: nowMs } : secret));
        transaction.write('UPDATE clients SET secrets = $2 WHERE id = $1', [clientId, writeSecrets(noted)]);
      }),
  };
};

/** Locks a client against changes and removal, but not against transactions that only need it to exist. */
const lock = async (query: Transaction['query'], id: string): Promise<Client | undefined> => {
  const [row] = await query(`SELECT * FROM clients WHERE id = $1 ${LOCK_AGAINST_CHANGES}`, [id]);
  return row === undefined ? undefined : toClient(row);
};
