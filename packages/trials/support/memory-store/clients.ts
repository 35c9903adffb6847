import {
  changeClient,
  isUseNews,
  removeSecret,
  searchClients,
  waitsForApproval,
  withSecret,
} from '@keyfob/server/clients';
import type { Client } from '@keyfob/server/clients';
import type { Store } from '@keyfob/server/stores';
import { listKeys } from './keys.ts';
import { removeGrant } from './tables.ts';
import type { RunVerb, Tables } from './tables.ts';

export const clientVerbs = (
  tables: Tables,
  run: RunVerb,
): Pick<
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
> => ({
  createClient: (client) =>
    run('createClient', () => {
      if (tables.clients.has(client.id)) return 'id_taken';
      tables.clients.set(client.id, { ...client, secrets: inOrder(client.secrets) });
      return 'created';
    }),
  readClient: (id) =>
    run('readClient', () => ({
      client: tables.clients.get(id),
      keys: listKeys(tables),
    })),
  listClients: () => run('listClients', () => [...tables.clients.values()]),
  findClients: (search) => run('findClients', () => searchClients([...tables.clients.values()], search)),
  findClientPlace: (page) =>
    run('findClientPlace', () => {
      const last = searchClients([...tables.clients.values()], page)[page.limit - 1];
      return last === undefined ? undefined : { createdAtMs: last.createdAtMs, id: last.id };
    }),
  readLongestAccessTokenLifetime: () =>
    run('readLongestAccessTokenLifetime', () =>
      Math.max(0, ...[...tables.clients.values()].map(({ policy }) => policy.accessTokenLifetimeSeconds)),
    ),
  listWaitingClients: (page) =>
    run('listWaitingClients', () =>
      searchClients([...tables.clients.values()].filter(waitsForApproval), page),
    ),
  listPublicRedirectUris: () =>
    run('listPublicRedirectUris', () =>
      [...tables.clients.values()].flatMap(({ type, disabledAtMs, redirectUris }) =>
        type === 'public' && disabledAtMs === undefined ? redirectUris : [],
      ),
    ),
  changeClient: (id, change) =>
    run('changeClient', () => {
      const client = tables.clients.get(id);
      if (client === undefined) return 'unknown';
      const changed = changeClient(client, change);
      if ('faults' in changed) return changed;
      tables.clients.set(id, changed);
      return 'changed';
    }),
  removeClient: (id, { withGrants }) =>
    run('removeClient', () => {
      const grants = [...tables.grants.values()].filter(({ clientId }) => clientId === id);
      if (!withGrants && grants.length > 0) return 'has_grants';
      for (const grant of grants) removeGrant(tables, grant.id);
      for (const code of tables.codes.values()) if (code.clientId === id) tables.codes.delete(code.grantId);
      return tables.clients.delete(id) ? 'removed' : 'unknown';
    }),
});

const inOrder = (secrets: Client['secrets']): Client['secrets'] =>
  [...secrets].sort((a, b) => a.createdAtMs - b.createdAtMs || (a.id < b.id ? -1 : 1));

export const secretVerbs = (
  tables: Tables,
  run: RunVerb,
): Pick<Store, 'addSecret' | 'removeSecret' | 'noteSecretUse'> => ({
  addSecret: (clientId, secret, roll) =>
    run('addSecret', () => {
      const client = tables.clients.get(clientId);
      if (client === undefined) return 'unknown';
      const secrets = withSecret(client.secrets, { ...secret }, roll);
      if (secrets === 'too_many') return secrets;
      tables.clients.set(clientId, { ...client, secrets: inOrder(secrets) });
      return 'added';
    }),
  removeSecret: (clientId, secretId, options) =>
    run('removeSecret', () => {
      const client = tables.clients.get(clientId);
      if (client === undefined) return 'unknown';
      const secrets = removeSecret(client.secrets, secretId, { keepLast: options?.keepLast === true });
      if (typeof secrets === 'string') return secrets;
      tables.clients.set(clientId, { ...client, secrets });
      return 'removed';
    }),
  noteSecretUse: (clientId, secretId, nowMs) =>
    run('noteSecretUse', () => {
      const client = tables.clients.get(clientId);
      if (client === undefined) return;
      const secrets = client.secrets.map((secret) =>
        secret.id === secretId && isUseNews(secret.lastUsedAtMs, nowMs)
          ? { ...secret, lastUsedAtMs: nowMs }
          : secret,
      );
      tables.clients.set(client.id, { ...client, secrets });
    }),
});
