import { isEnabled } from '@keyfob/server/clients';
import {
  decideCreation,
  decideRefresh,
  decideReinstatement,
  decideRevocation,
  hasEndedBefore,
} from '@keyfob/server/grants';
import type { Grant, GrantChange, ReplayContext } from '@keyfob/server/grants';
import type { GrantFilter, GrantStore, RefreshResult, RefreshUse } from '@keyfob/server/stores';
import { byId, removeGrant } from './tables.ts';
import type { RunVerb, Tables } from './tables.ts';
import { storeGrantEvents } from './webhooks.ts';

const replayContext = ({ replays, vehicles }: Tables): ReplayContext => ({
  lastReplayOf: (id) => replays.get(id),
  vehiclesOf: (id) => vehicles.get(id) ?? [],
});

const isWanted = (
  { vehicles }: Tables,
  { id, subject, revocation, createdAtMs }: Grant,
  filter: GrantFilter,
): boolean =>
  (filter.subject === undefined || filter.subject === subject) &&
  (filter.vin === undefined || (vehicles.get(id) ?? []).some(({ vin }) => vin === filter.vin)) &&
  (filter.isRevoked === undefined || filter.isRevoked === (revocation !== undefined)) &&
  createdAtMs >= (filter.createdSinceMs ?? 0);

/** Reads, decides and writes one grant. */
const refresh = (tables: Tables, use: RefreshUse): RefreshResult | 'client_gone' => {
  const client = tables.clients.get(use.presented.clientId);
  if (!isEnabled(client)) return 'client_gone';
  const before = tables.grants.get(use.presented.grantId);
  const { result, grantEvents } = decideRefresh(before, use, client.policy, replayContext(tables));
  const { grant, replay } = result;
  if (grant === undefined) return result;
  tables.grants.set(grant.id, grant);
  if (replay === undefined) return result;
  storeGrantEvents(tables, grantEvents);
  tables.replays.set(grant.id, { ...replay, times: (tables.replays.get(grant.id)?.times ?? 0) + 1 });
  return result;
};

export const grantVerbs = (
  tables: Tables,
  run: RunVerb,
): Pick<
  GrantStore,
  'refresh' | 'createGrant' | 'readGrant' | 'readReplay' | 'listGrants' | 'countGrants'
> => {
  const ofClient = (clientId: string | undefined): Grant[] =>
    [...tables.grants.values()].filter((grant) => clientId === undefined || grant.clientId === clientId);
  return {
    async refresh(use, issue) {
      const result = await run('refresh', () => refresh(tables, use), use);
      if (result !== 'client_gone') await issue?.(result);
      return result;
    },
    createGrant: (grant, auditContext) =>
      run('createGrant', () => {
        if (tables.grants.has(grant.id)) return 'id_taken';
        if (!tables.clients.has(grant.clientId)) return 'client_unknown';
        tables.grants.set(grant.id, { ...grant });
        tables.consents.add(grant.id);
        storeGrantEvents(tables, decideCreation(grant, auditContext).grantEvents);
        return 'created';
      }),
    readGrant: (id) => run('readGrant', () => tables.grants.get(id)),
    readReplay: (id) => run('readReplay', () => tables.replays.get(id)),
    listGrants: ({ after, limit, ...filter }) =>
      run('listGrants', () =>
        ofClient(filter.clientId)
          .filter((grant) => isWanted(tables, grant, filter))
          .filter(({ id }) => after === undefined || id > after)
          .sort(byId)
          .slice(0, limit),
      ),
    countGrants: (clientId, { atMost } = { atMost: Infinity }) =>
      run('countGrants', () => Math.min(ofClient(clientId).length, atMost)),
  };
};

/** Writes a decided change. Returns the decision itself if nothing changes. */
const apply = <Changed extends string, Unchanged extends string>(
  tables: Tables,
  change: GrantChange | Unchanged,
  changed: Changed,
): Changed | Unchanged => {
  if (typeof change === 'string') return change;
  tables.grants.set(change.grant.id, change.grant);
  storeGrantEvents(tables, change.grantEvents);
  return changed;
};

export const endVerbs = (
  tables: Tables,
  run: RunVerb,
): Pick<GrantStore, 'revoke' | 'reinstate' | 'prune'> => ({
  revoke: (id, revocation) =>
    run('revoke', () => {
      const vehicles = tables.vehicles.get(id) ?? [];
      return apply(tables, decideRevocation(tables.grants.get(id), revocation, vehicles), 'revoked');
    }),
  reinstate: (id, auditContext) =>
    run('reinstate', () =>
      apply(tables, decideReinstatement(tables.grants.get(id), auditContext), 'reinstated'),
    ),
  prune: ({ after, limit, endedBeforeMs }) =>
    run('prune', () => {
      const page = [...tables.grants.values()]
        .filter(({ id }) => after === undefined || id > after)
        .sort(byId)
        .slice(0, limit);
      const ended = page.filter((grant) => {
        const client = tables.clients.get(grant.clientId);
        return client !== undefined && hasEndedBefore(grant, client.policy, endedBeforeMs);
      });
      for (const { id } of ended) removeGrant(tables, id);
      const ids = new Set(page.map(({ id }) => id));
      for (const [digest, { grantId, expiresAtMs }] of tables.imported)
        if (ids.has(grantId) && expiresAtMs < endedBeforeMs) tables.imported.delete(digest);
      return { pruned: ended.length, next: page.length === limit ? page.at(-1)?.id : undefined };
    }),
});
