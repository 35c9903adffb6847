import { isEnabled } from '../../clients/client.ts';
import type { Policy } from '../../clients/policy.ts';
import type { Millis } from '../../clock.ts';
import { decideCreation } from '../../grants/decide-creation.ts';
import { decideRefresh, decideRotation } from '../../grants/decide-refresh.ts';
import type { ReplayContext } from '../../grants/decide-refresh.ts';
import { decideReinstatement, decideRevocation } from '../../grants/decide-revocation.ts';
import type { GrantStore, RefreshResult, RefreshUse } from '../../grants/grant-store.ts';
import type { Grant } from '../../grants/grant.ts';
import { hasEndedBefore } from '../../grants/standing.ts';
import type { CallerNames } from './callers.ts';
import type { Connection } from './connection.ts';
import type { CoveredVehicles } from './covered-vehicles.ts';
import type { GrantEvents } from './grant-events.ts';
import type { GrantRows } from './grant-rows.ts';
import type { ImportedTokens } from './imports.ts';
import type { KnownClients } from './known-clients.ts';
import { createReplayRecords } from './replays.ts';

/** What the verbs of grants read and write. */
type Tables = {
  readonly rows: GrantRows;
  readonly callers: CallerNames;
  readonly clients: KnownClients;
  readonly vehicles: CoveredVehicles;
  readonly grantEvents: GrantEvents;
  readonly imports: ImportedTokens;
};

export const createGrantVerbs = (
  { database, commits, read }: Connection,
  { rows, callers, clients, vehicles, grantEvents, imports }: Tables,
): GrantStore => {
  const replays = createReplayRecords(database, callers);
  const context: ReplayContext = { lastReplayOf: replays.read, vehiclesOf: vehicles.list };

  /** Reads, decides and writes one row. Runs inside a transaction, and no `await` is possible in between. */
  const refresh = (use: RefreshUse): RefreshResult | 'client_gone' => {
    const { client } = clients.read(use.presented.clientId);
    if (!isEnabled(client)) return 'client_gone';
    return rotate(use, client.policy) ?? refreshWhole(use, client.policy);
  };

  /** What nearly every use is: it reads and writes only what a rotation changes. */
  const rotate = (use: RefreshUse, policy: Policy): RefreshResult | undefined => {
    const current = rows.readCurrent(use.presented.grantId);
    const rotation = current && decideRotation(current, use, policy);
    if (current !== undefined && rotation !== undefined) rows.rotate(current, rotation.grant);
    return rotation;
  };

  const refreshWhole = (use: RefreshUse, policy: Policy): RefreshResult => {
    const before = rows.read(use.presented.grantId);
    const { result, grantEvents: events } = decideRefresh(before, use, policy, context);
    const { grant, replay } = result;
    if (before === undefined || grant === undefined) return result;
    if (grant.generation !== before.generation) rows.advance(before, grant);
    if (replay === undefined) return result;
    replays.write(grant.id, replay);
    if (grant.revocation !== undefined) rows.writeRevocation(grant);
    grantEvents.addAll(events);
    return result;
  };

  const isEnded = (grant: Grant, endedBeforeMs: Millis): boolean => {
    const { client } = clients.read(grant.clientId);
    return client !== undefined && hasEndedBefore(grant, client.policy, endedBeforeMs);
  };

  return {
    refresh: (use, issue) =>
      commits.runLater(
        () => refresh(use),
        (result) => (result === 'client_gone' ? undefined : issue?.(result)),
      ),
    createGrant: (grant, auditContext) =>
      commits.run(() => {
        const outcome = rows.insert(grant);
        if (outcome !== 'created') return outcome;
        rows.addConsent(grant);
        grantEvents.addAll(decideCreation(grant, auditContext).grantEvents);
        return outcome;
      }),
    readGrant: (id) => read(() => rows.read(id)),
    readReplay: (id) => read(() => replays.read(id)),
    listGrants: (page) => read(() => rows.list(page)),
    countGrants: (clientId, { atMost } = { atMost: Number.MAX_SAFE_INTEGER }) =>
      read(() => rows.count(clientId, atMost)),
    revoke: (id, revocation) =>
      commits.run(() => {
        const change = decideRevocation(rows.read(id), revocation, vehicles.list(id));
        if (typeof change === 'string') return change;
        rows.writeRevocation(change.grant);
        grantEvents.addAll(change.grantEvents);
        return 'revoked';
      }),
    reinstate: (id, auditContext) =>
      commits.run(() => {
        const change = decideReinstatement(rows.read(id), auditContext);
        if (typeof change === 'string') return change;
        rows.writeRevocation(change.grant);
        grantEvents.addAll(change.grantEvents);
        return 'reinstated';
      }),
    prune: ({ after, limit, endedBeforeMs }) =>
      commits.run(() => {
        const page = rows.list({ after, limit });
        const ended = page.filter((grant) => isEnded(grant, endedBeforeMs));
        for (const grant of ended) rows.remove(grant);
        const [first, last] = [page[0], page.at(-1)];
        if (first !== undefined && last !== undefined) imports.drop(first.id, last.id, endedBeforeMs);
        return { pruned: ended.length, next: page.length === limit ? last?.id : undefined };
      }),
  };
};
