import { compareImport, decideCreation } from '@keyfob/server/grants';
import type { ImportedGrant, ImportOutcome } from '@keyfob/server/grants';
import type { AuditContext, Store } from '@keyfob/server/stores';
import type { RunVerb, Tables } from './tables.ts';
import { storeGrantEvents } from './webhooks.ts';

const nameOf = (digest: Uint8Array): string => Buffer.from(digest).toString('hex');

export const importVerbs = (tables: Tables, run: RunVerb): Pick<Store, 'importGrants' | 'findImported'> => {
  const find = (digest: Uint8Array) => {
    const kept = tables.imported.get(nameOf(digest));
    return kept === undefined ? undefined : tables.grants.get(kept.grantId);
  };

  const importOne = (
    { grant, digest, expiresAtMs, vehicles }: ImportedGrant,
    auditContext: AuditContext,
  ): ImportOutcome => {
    const existing = find(digest);
    if (existing !== undefined) return compareImport(existing, grant);
    const client = tables.clients.get(grant.clientId);
    if (tables.grants.has(grant.id)) return 'id_taken';
    if (client === undefined) return 'client_unknown';
    tables.grants.set(grant.id, { ...grant });
    tables.imported.set(nameOf(digest), { grantId: grant.id, expiresAtMs });
    tables.consents.add(grant.id);
    if (vehicles.length > 0)
      tables.vehicles.set(
        grant.id,
        [...vehicles].sort((a, b) => (a.id < b.id ? -1 : 1)),
      );
    tables.clients.set(client.id, { ...client, hasImportedTokens: true });
    storeGrantEvents(tables, decideCreation(grant, auditContext, vehicles).grantEvents);
    return 'imported';
  };

  return {
    importGrants: (batch, auditContext) =>
      run('importGrants', () => batch.map((one) => importOne(one, auditContext))),
    findImported: (digests) => run('findImported', () => digests.map(find)),
  };
};
