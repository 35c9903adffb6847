import { toSeconds } from '../../clock.ts';
import type { Millis } from '../../clock.ts';
import { applyVerdict } from '../../grants/apply-verdict.ts';
import type { Grant } from '../../grants/grant.ts';
import { judge } from '../../grants/judge.ts';
import { describeReplay } from '../../grants/replay.ts';
import { hasEndedBefore } from '../../grants/standing.ts';
import type { RefreshResult, RefreshUse } from '../../grants/grant-store.ts';
import type { Store } from '../../grants/store.ts';
import type { CallerNames } from './callers.ts';
import type { GrantRows } from './grant-rows.ts';
import type { ImportedTokens } from './imports.ts';
import type { KnownClients } from './known-clients.ts';
import { createReplayRecords } from './replays.ts';
import type { Connection } from './store.ts';

type GrantVerbs = Pick<
  Store,
  | 'refresh'
  | 'createGrant'
  | 'readGrant'
  | 'readReplay'
  | 'listGrants'
  | 'countGrants'
  | 'revoke'
  | 'reinstate'
  | 'prune'
>;

/** A client that goes on presenting a dead token makes one grant event in this time, not one for each. */
const REPLAY_EVENT_INTERVAL_MS = 3_600_000;
export const createGrantVerbs = (
  { database, commits, read }: Connection,
  {
    rows,
    callers,
    clients,
    imports,
  }: { rows: GrantRows; callers: CallerNames; clients: KnownClients; imports: ImportedTokens },
): GrantVerbs => {
  const replays = createReplayRecords(database, callers);

  /** Reads, judges and writes one row. Runs inside a transaction, and no `await` is possible in between. */
  const refresh = (use: RefreshUse): RefreshResult | 'client_gone' => {
    const { presented, nowMs, caller, requestId } = use;
    const client = clients.read(presented.clientId).client;
    if (client === undefined || client.disabledAt !== undefined) return 'client_gone';
    const { policy } = client;
    const before = rows.read(presented.grantId);
    const verdict = judge(before, presented, nowMs, policy);
    if (before === undefined) return { verdict, grant: undefined, policy, replay: undefined };
    const grant = applyVerdict(before, verdict, use);
    if (grant.generation !== before.generation) rows.advance(before, grant);
    if (verdict.kind !== 'replay') return { verdict, grant, policy, replay: undefined };
    const { gap, response } = verdict;
    const replay = describeReplay(
      before,
      { generation: presented.generation, gap, response },
      { nowMs, caller },
    );
    const last = replays.read(grant.id);
    if (last === undefined || nowMs - last.atMs >= REPLAY_EVENT_INTERVAL_MS)
      rows.tell('grant.replayed', grant, { nowMs, requestId, cause: replay.looksLike });
    replays.write(grant.id, replay);
    if (grant.revocation !== undefined) rows.revoke(before, grant.revocation, { nowMs, requestId });
    return { verdict, grant, policy, replay };
  };

  const isEnded = (grant: Grant, endedBeforeMs: Millis): boolean => {
    const client = clients.read(grant.clientId).client;
    return client !== undefined && hasEndedBefore(grant, client.policy, endedBeforeMs);
  };

  return {
    async refresh(use, issue) {
      const result = await commits.run(() => refresh(use));
      if (result !== 'client_gone') await issue?.(result);
      return result;
    },
    createGrant: (grant) => commits.run(() => rows.insert(grant)),
    readGrant: (id) => read(() => rows.read(id)),
    readReplay: (id) => read(() => replays.read(id)),
    listGrants: (page) => read(() => rows.list(page)),
    countGrants: (clientId) => read(() => rows.count(clientId)),
    revoke: (id, { nowMs, cause, requestId }) =>
      commits.run(() => {
        const grant = rows.read(id);
        if (grant === undefined) return 'unknown';
        if (grant.revocation !== undefined) return 'revoked_before';
        rows.revoke(grant, { at: toSeconds(nowMs), cause }, { nowMs, requestId });
        return 'revoked';
      }),
    reinstate: (id, auditContext) =>
      commits.run(() => {
        const grant = rows.read(id);
        if (grant === undefined) return 'unknown';
        if (grant.revocation === undefined) return 'not_revoked';
        rows.reinstate(grant, auditContext);
        return 'reinstated';
      }),
    prune: ({ after, limit, endedBeforeMs }) =>
      commits.run(() => {
        const page = rows.list({ after, limit });
        const ended = page.filter((grant) => isEnded(grant, endedBeforeMs));
        for (const grant of ended) rows.remove(grant);
        const [first, last] = [page[0], page.at(-1)];
        if (first !== undefined && last !== undefined) imports.drop(first.id, last.id, endedBeforeMs);
        return { pruned: ended.length, next: page.length === limit ? page.at(-1)?.id : undefined };
      }),
  };
};
