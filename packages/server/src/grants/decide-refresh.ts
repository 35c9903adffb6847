import type { Policy } from '../clients/policy.ts';
import type { NewGrantEvent } from '../outbox/grant-event.ts';
import { applyVerdict } from './apply-verdict.ts';
import { eventOf } from './grant-events.ts';
import type { Grant } from './grant.ts';
import type { RefreshResult, RefreshUse } from './grant-store.ts';
import { judge } from './judge.ts';
import { describeReplay } from './replay.ts';
import type { Replay, ReplayRecord } from './replay.ts';
import type { Vehicle } from './vehicle.ts';

/** A client that keeps presenting a dead token causes one grant event per hour, not one per request. */
const REPLAY_EVENT_INTERVAL_MS = 3_600_000;

/**
 * Decides a use of a refresh token: the verdict, the grant as the verdict leaves it (the very same object where nothing
 * changes), and the evidence of a replay. For a replay, `eventsOfReplay` adds the grant events.
 */
export const decideRefresh = (before: Grant | undefined, use: RefreshUse, policy: Policy): RefreshResult => {
  const { presented, nowMs } = use;
  const verdict = judge(before, presented, nowMs, policy);
  if (before === undefined) return { verdict, grant: undefined, policy, replay: undefined };
  const grant = applyVerdict(before, verdict, use);
  if (verdict.kind !== 'replay') return { verdict, grant, policy, replay: undefined };
  const { gap, response } = verdict;
  const replay = describeReplay(before, { generation: presented.generation, gap, response }, use);
  return { verdict, grant, policy, replay };
};

/** What a store reads for the grant events of a replay. */
export type ReplayContext = {
  /** The replay before this one. */
  readonly lastReplay: Pick<ReplayRecord, 'atMs'> | undefined;
  /** What the grant covers. */
  readonly vehicles: readonly Vehicle[];
};

/** The grant events of a replay; `after` is the grant as `decideRefresh` left it. */
export const eventsOfReplay = (
  after: Grant,
  { atMs, looksLike }: Replay,
  { nowMs, requestId }: RefreshUse,
  { lastReplay, vehicles }: ReplayContext,
): readonly NewGrantEvent[] => {
  const auditContext = { nowMs, requestId };
  const events: NewGrantEvent[] = [];
  if (lastReplay === undefined || atMs - lastReplay.atMs >= REPLAY_EVENT_INTERVAL_MS)
    events.push(eventOf('grant.replayed', after, auditContext, { cause: looksLike }));
  if (after.revocation !== undefined)
    events.push(eventOf('grant.revoked', after, auditContext, { cause: after.revocation.cause, vehicles }));
  return events;
};
