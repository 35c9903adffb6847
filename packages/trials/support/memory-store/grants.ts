import { applyVerdict } from '@keyfob/server/grants/apply-verdict';
import { toSeconds } from '@keyfob/server/clock';
import type { Grant } from '@keyfob/server/grants/grant';
import { judge } from '@keyfob/server/grants/judge';
import { describeReplay } from '@keyfob/server/grants/replay';
import { hasEndedBefore } from '@keyfob/server/grants/standing';
import type { RefreshResult, RefreshUse } from '@keyfob/server/grants/grant-store';
import type { Store } from '@keyfob/server/grants/store';
import { tell, tellRevoked } from './grant-events.ts';
import { byId, removeGrant } from './tables.ts';
import type { RunVerb, Tables } from './tables.ts';

const REPLAY_EVENT_INTERVAL_MS = 3_600_000;

/** Reads, judges and writes one grant. */
const refresh = (tables: Tables, use: RefreshUse): RefreshResult | 'client_gone' => {
  const { presented, nowMs, caller, requestId } = use;
  const client = tables.clients.get(presented.clientId);
  if (client === undefined || client.disabledAt !== undefined) return 'client_gone';
  const { policy } = client;
  const before = tables.grants.get(presented.grantId);
  const verdict = judge(before, presented, nowMs, policy);
  if (before === undefined) return { verdict, grant: undefined, policy, replay: undefined };
  const grant = applyVerdict(before, verdict, use);
  tables.grants.set(grant.id, grant);
  if (verdict.kind !== 'replay') return { verdict, grant, policy, replay: undefined };
  const { gap, response } = verdict;
  const replay = describeReplay(
    before,
    { generation: presented.generation, gap, response },
    { nowMs, caller },
  );
  const last = tables.replays.get(grant.id);
  if (last === undefined || nowMs - last.atMs >= REPLAY_EVENT_INTERVAL_MS)
    tell(tables, 'grant.replayed', grant, { nowMs, requestId, cause: replay.looksLike });
  if (grant.revocation !== undefined) tellRevoked(tables, grant, { nowMs, requestId, cause: 'replay' });
  const times = (tables.replays.get(grant.id)?.times ?? 0) + 1;
  tables.replays.set(grant.id, { ...replay, times });
  return { verdict, grant, policy, replay };
};

export const grantVerbs = (
  tables: Tables,
  run: RunVerb,
): Pick<Store, 'refresh' | 'createGrant' | 'readGrant' | 'readReplay' | 'listGrants' | 'countGrants'> => {
  const ofClient = (clientId: string | undefined): Grant[] =>
    [...tables.grants.values()].filter((grant) => clientId === undefined || grant.clientId === clientId);
  return {
    async refresh(use, issue) {
      const result = await run('refresh', () => refresh(tables, use), use);
      if (result !== 'client_gone') await issue?.(result);
      return result;
    },
    createGrant: (grant) =>
      run('createGrant', () => {
        if (tables.grants.has(grant.id)) return 'id_taken';
        if (!tables.clients.has(grant.clientId)) return 'client_unknown';
        tables.grants.set(grant.id, { ...grant });
        return 'created';
      }),
    readGrant: (id) => run('readGrant', () => tables.grants.get(id)),
    readReplay: (id) => run('readReplay', () => tables.replays.get(id)),
    listGrants: ({ after, limit, clientId }) =>
      run('listGrants', () =>
        ofClient(clientId)
          .filter(({ id }) => after === undefined || id > after)
          .sort(byId)
          .slice(0, limit),
      ),
    countGrants: (clientId) => run('countGrants', () => ofClient(clientId).length),
  };
};

export const endVerbs = (tables: Tables, run: RunVerb): Pick<Store, 'revoke' | 'reinstate' | 'prune'> => ({
  revoke: (id, revocation) =>
    run('revoke', () => {
      const grant = tables.grants.get(id);
      if (grant === undefined) return 'unknown';
      if (grant.revocation !== undefined) return 'revoked_before';
      const { nowMs, cause } = revocation;
      tables.grants.set(id, { ...grant, revocation: { at: toSeconds(nowMs), cause } });
      tellRevoked(tables, grant, revocation);
      return 'revoked';
    }),
  reinstate: (id, auditContext) =>
    run('reinstate', () => {
      const grant = tables.grants.get(id);
      if (grant === undefined) return 'unknown';
      if (grant.revocation === undefined) return 'not_revoked';
      tables.grants.set(id, { ...grant, revocation: undefined });
      tell(tables, 'grant.reinstated', grant, auditContext);
      return 'reinstated';
    }),
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
      for (const [digest, { grantId, expiresAt }] of tables.imported)
        if (ids.has(grantId) && expiresAt < toSeconds(endedBeforeMs)) tables.imported.delete(digest);
      return { pruned: ended.length, next: page.length === limit ? page.at(-1)?.id : undefined };
    }),
});
