import type { Policy } from '../../../clients/policy.ts';
import { applyVerdict } from '../../../grants/apply-verdict.ts';
import type { Grant } from '../../../grants/grant.ts';
import { judge } from '../../../grants/judge.ts';
import type { Verdict } from '../../../grants/judge.ts';
import { describeReplay } from '../../../grants/replay.ts';
import type { Replay } from '../../../grants/replay.ts';
import type { RefreshResult, RefreshUse } from '../../../grants/grant-store.ts';
import { addGrantEvents } from './grant-events.ts';
import { lockWithIssuer, revokeLocked, writeIssuedBy, writeRotation } from './grant-rows.ts';
import type { KnownClients } from './known-clients.ts';
import type { IssuedBy } from '../nodes/issued-by.ts';
import type { Node } from '../nodes/node.ts';
import type { MayHaveIssued } from '../nodes/retry-after-cut.ts';
import { readReplay, writeReplay } from './replays.ts';
import type { Transaction } from '../connection/transaction.ts';

/** A client that keeps presenting a dead token causes one grant event per hour, not one per request. */
const REPLAY_EVENT_INTERVAL_MS = 3_600_000;

/** Whether the presented token is the one before the current. */
export const isPredecessor = (grant: Grant, { presented }: RefreshUse): boolean =>
  grant.generation - presented.generation === 1;

/** Judges a use on its locked row, and writes what the verdict changes. */
export const judgeLocked = async (
  transaction: Transaction,
  { clients, node }: { readonly clients: KnownClients; readonly node: Node },
  { use, mayHaveIssued }: { readonly use: RefreshUse; readonly mayHaveIssued: MayHaveIssued },
): Promise<RefreshResult | 'client_gone' | 'not_known_yet'> => {
  const { presented, nowMs } = use;
  const { query } = transaction;
  const [locked, readings] = await Promise.all([
    lockWithIssuer(query, presented.grantId),
    clients.load(query, [presented.clientId]),
  ]);
  const client = readings.get(presented.clientId)?.client;
  if (client === undefined || client.disabledAt !== undefined) return 'client_gone';
  const { policy } = client;
  if (locked === undefined)
    return {
      verdict: judge(undefined, presented, nowMs, policy),
      grant: undefined,
      policy,
      replay: undefined,
    };
  const { grant: before, issuedBy } = locked;
  const isRetryOfOurs = presented.isRetryOfOurs || mayHaveIssued(issuedBy);
  const verdict = await judgeLockedGrant(transaction, node, { ...locked, use, isRetryOfOurs, policy });
  if (verdict === 'not_known_yet') return verdict;
  const grant = applyVerdict(before, verdict, use);
  if (grant.generation !== before.generation) writeRotation(transaction, before, grant, node.stamp());
  if (verdict.kind !== 'replay') return { verdict, grant, policy, replay: undefined };
  return {
    verdict,
    grant,
    policy,
    replay: await keepReplay(transaction, { before, after: grant, verdict }, use),
  };
};

/** A use, and the grant that it concerns. */
type LockedRefresh = {
  readonly grant: Grant;
  readonly issuedBy: IssuedBy | undefined;
  readonly use: RefreshUse;
  readonly isRetryOfOurs: boolean;
  readonly policy: Policy;
};

/** The verdict on a locked grant. For a predecessor it depends on whether the current generation was ever answered. */
const judgeLockedGrant = async (
  transaction: Transaction,
  node: Node,
  { grant, issuedBy, use, isRetryOfOurs, policy }: LockedRefresh,
): Promise<Verdict | 'not_known_yet'> => {
  const decide = (isRetry: boolean): { readonly verdict: Verdict } => ({
    verdict: judge(grant, { ...use.presented, isRetryOfOurs: isRetry }, use.nowMs, policy),
  });
  if (!isPredecessor(grant, use)) return decide(isRetryOfOurs).verdict;
  const tracked = { of: 'token', use } as const;
  const decided = await node.decideLocked(transaction.query, { tracked, issuedBy, isRetryOfOurs }, decide);
  if (decided === 'not_known_yet') return decided;
  if (decided.takesOver) writeIssuedBy(transaction, grant, node.stamp());
  return decided.decision.verdict;
};

type Replayed = {
  readonly before: Grant;
  readonly after: Grant;
  readonly verdict: Verdict & { readonly kind: 'replay' };
};

/** Stores the evidence of a replay and its grant events. */
const keepReplay = async (
  transaction: Transaction,
  { before, after, verdict: { gap, response } }: Replayed,
  { presented: { generation }, nowMs, caller, requestId }: RefreshUse,
): Promise<Replay> => {
  const replay = describeReplay(before, { generation, gap, response }, { nowMs, caller });
  const { id: grantId, clientId, subject } = before;
  const last = await readReplay(transaction.query, grantId);
  writeReplay(transaction, grantId, replay);
  if (last === undefined || nowMs - last.atMs >= REPLAY_EVENT_INTERVAL_MS) {
    const grantEvent = { atMs: nowMs, grantId, clientId, subject, requestId, cause: replay.looksLike };
    await addGrantEvents(transaction, [{ ...grantEvent, kind: 'grant.replayed', vins: [] }]);
  }
  if (after.revocation !== undefined)
    await revokeLocked(transaction, before, after.revocation, { nowMs, requestId });
  return replay;
};
