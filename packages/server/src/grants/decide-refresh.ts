import type { Policy } from '../clients/policy.ts';
import type { NewGrantEvent } from '../outbox/grant-event.ts';
import type { GrantId } from '../tokens/grant-id.ts';
import { applyVerdict } from './apply-verdict.ts';
import { findClockFault } from './clock-fault.ts';
import { eventOf } from './grant-events.ts';
import type { CurrentGrant, Grant } from './grant.ts';
import type { RefreshResult, RefreshUse } from './grant-store.ts';
import { judge } from './judge.ts';
import { describeReplay } from './replay.ts';
import type { Replay, ReplayRecord } from './replay.ts';
import type { Vehicle } from './vehicle.ts';

/** A client that keeps presenting a dead token causes one grant event per hour, not one per request. */
const REPLAY_EVENT_INTERVAL_MS = 3_600_000;

/** What the grant events of a replay need. Only a replay reads it, so that a rotation reads one row. */
export type ReplayContext = {
  /** The replay before this one. */
  readonly lastReplayOf: (id: GrantId) => Pick<ReplayRecord, 'atMs'> | undefined;
  /** What the grant covers. */
  readonly vehiclesOf: (id: GrantId) => readonly Vehicle[];
};

/** For a decision of which a replay is not written: it is decided again on the locked row. */
export const NO_REPLAY_CONTEXT: ReplayContext = { lastReplayOf: () => undefined, vehiclesOf: () => [] };

export type RefreshDecision = {
  /** The verdict, the grant after it (the very same object where nothing changes), and the evidence. */
  readonly result: RefreshResult & { readonly grant: Grant | undefined };
  readonly grantEvents: readonly NewGrantEvent[];
};

const NO_EVENTS: readonly NewGrantEvent[] = [];

/** Decides a use of a refresh token; `before` is the grant as the store has it. */
export const decideRefresh = (
  before: Grant | undefined,
  use: RefreshUse,
  policy: Policy,
  context: ReplayContext,
): RefreshDecision => {
  const { presented, nowMs } = use;
  const verdict = judge(before, presented, use, policy);
  if (before === undefined) {
    const result = { verdict, grant: undefined, policy, replay: undefined, clockFault: undefined };
    return { result, grantEvents: NO_EVENTS };
  }
  const grant = applyVerdict(before, verdict, use);
  const clockFault = findClockFault(before, nowMs);
  if (verdict.kind !== 'replay')
    return { result: { verdict, grant, policy, replay: undefined, clockFault }, grantEvents: NO_EVENTS };
  const { gap, response } = verdict;
  const replay = describeReplay(before, { generation: presented.generation, gap, response }, use);
  const grantEvents = eventsOf(grant, replay, use, context);
  return { result: { verdict, grant, policy, replay, clockFault }, grantEvents };
};

/** A plain rotation: the current token is exchanged, and nothing is evidence of anything. */
export type Rotation = RefreshResult & { readonly grant: CurrentGrant };

/**
 * What `decideRefresh` decides where a use rotates the current token, from less of the grant; `undefined` for every other use,
 * which the whole grant decides.
 */
export const decideRotation = (
  current: CurrentGrant,
  use: RefreshUse,
  policy: Policy,
): Rotation | undefined => {
  if (use.presented.generation !== current.generation) return undefined;
  const verdict = judge(current, use.presented, use, policy);
  if (verdict.kind !== 'rotate') return undefined;
  const grant = applyVerdict(current, verdict, use);
  return { verdict, grant, policy, replay: undefined, clockFault: findClockFault(current, use.nowMs) };
};

/** The grant events of a replay; `after` is the grant as the verdict left it. */
const eventsOf = (
  after: Grant,
  { atMs, looksLike }: Replay,
  { nowMs, requestId }: RefreshUse,
  { lastReplayOf, vehiclesOf }: ReplayContext,
): readonly NewGrantEvent[] => {
  const auditContext = { nowMs, requestId };
  const events: NewGrantEvent[] = [];
  const lastReplay = lastReplayOf(after.id);
  // A last replay in the future is one that a wrong clock recorded.
  if (lastReplay === undefined || Math.abs(atMs - lastReplay.atMs) >= REPLAY_EVENT_INTERVAL_MS)
    events.push(eventOf('grant.replayed', after, auditContext, { cause: looksLike }));
  if (after.revocation === undefined) return events;
  const { cause } = after.revocation;
  events.push(eventOf('grant.revoked', after, auditContext, { cause, vehicles: vehiclesOf(after.id) }));
  return events;
};
