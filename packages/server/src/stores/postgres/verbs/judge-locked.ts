import type { Policy } from '../../../clients/policy.ts';
import { applyVerdict } from '../../../grants/apply-verdict.ts';
import type { Grant } from '../../../grants/grant.ts';
import { judge } from '../../../grants/judge.ts';
import type { Verdict } from '../../../grants/judge.ts';
import { describeReplay } from '../../../grants/replay.ts';
import type { Replay } from '../../../grants/replay.ts';
import type { RefreshResult, RefreshUse } from '../../../grants/grant-store.ts';
import { addGrantEvents } from './grant-events.ts';
import { lockMade, revokeHeld, writeMaker, writeRotation } from './grant-rows.ts';
import type { KnownClients } from './known-clients.ts';
import { isDenied, UNANSWERED, weigh } from '../nodes/issued-by.ts';
import type { Maker } from '../nodes/issued-by.ts';
import type { Node } from '../nodes/node.ts';
import { readReplay, writeReplay } from './replays.ts';
import { asMet } from '../nodes/settle.ts';
import type { MayHaveMade } from '../nodes/settle.ts';
import type { Transaction } from '../connection/transaction.ts';

/** A client that goes on presenting a dead token makes one grant event in this time, not one for each. */
const REPLAY_EVENT_INTERVAL_MS = 3_600_000;

/** Whether the presented token is the one before the current. */
export const isPredecessor = (grant: Grant, { presented }: RefreshUse): boolean =>
  grant.generation - presented.generation === 1;

/** Judges a use on its row, which nobody else can have meanwhile, and writes what the verdict leaves. */
export const judgeHeld = async (
  transaction: Transaction,
  { clients, node }: { readonly clients: KnownClients; readonly node: Node },
  { use, mayHaveMade }: { readonly use: RefreshUse; readonly mayHaveMade: MayHaveMade },
): Promise<RefreshResult | 'client_gone' | 'not_known_yet'> => {
  const { presented, nowMs } = use;
  const { ask } = transaction;
  const [held, readings] = await Promise.all([
    lockMade(ask, presented.grantId),
    clients.load(ask, [presented.clientId]),
  ]);
  const client = readings.get(presented.clientId)?.client;
  if (client === undefined || client.disabledAt !== undefined) return 'client_gone';
  const { policy } = client;
  if (held === undefined)
    return {
      verdict: judge(undefined, presented, nowMs, policy),
      grant: undefined,
      policy,
      replay: undefined,
    };
  const { grant: before } = held;
  const met = { ...use, presented: asMet(presented, mayHaveMade(held.maker)) };
  const verdict = await judgeMade(transaction, node, { ...held, use: met, policy });
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

/** A use, and what it meets. */
type Made = {
  readonly grant: Grant;
  readonly maker: Maker | undefined;
  readonly use: RefreshUse;
  readonly policy: Policy;
};

/** The verdict on a grant that is held, by its row and by whether the answer of its current generation was ever given. */
const judgeMade = async (
  transaction: Transaction,
  node: Node,
  { grant, maker, use, policy }: Made,
): Promise<Verdict | 'not_known_yet'> => {
  const { presented, nowMs } = use;
  const verdict = judge(grant, presented, nowMs, policy);
  if (!isPredecessor(grant, use)) return verdict;
  const answering = isDenied(verdict) ? await weigh(transaction, maker, node) : 'given';
  if (answering === 'not_known_yet') return answering;
  const isRetry = answering === 'not_given';
  const last = isRetry ? judge(grant, { ...presented, isRetryOfOurs: true }, nowMs, policy) : verdict;
  // From now on it is this node that gives the answer, once: whoever comes after it is judged as ever.
  const isOwed = isRetry || maker === UNANSWERED || node.owes({ of: 'token', use });
  if (last.kind === 'repeat' && isOwed) writeMaker(transaction, grant, node.stamp());
  return last;
};

type Replayed = {
  readonly before: Grant;
  readonly after: Grant;
  readonly verdict: Verdict & { readonly kind: 'replay' };
};

/** Keeps the evidence of a replay, with the grant events of it. */
const keepReplay = async (
  transaction: Transaction,
  { before, after, verdict: { gap, response } }: Replayed,
  { presented: { generation }, nowMs, caller, requestId }: RefreshUse,
): Promise<Replay> => {
  const replay = describeReplay(before, { generation, gap, response }, { nowMs, caller });
  const { id: grantId, clientId, subject } = before;
  const last = await readReplay(transaction.ask, grantId);
  writeReplay(transaction, grantId, replay);
  if (last === undefined || nowMs - last.atMs >= REPLAY_EVENT_INTERVAL_MS) {
    const grantEvent = { atMs: nowMs, grantId, clientId, subject, requestId, cause: replay.looksLike };
    await addGrantEvents(transaction, [{ ...grantEvent, kind: 'grant.replayed', vins: [] }]);
  }
  if (after.revocation !== undefined)
    await revokeHeld(transaction, before, after.revocation, { nowMs, requestId });
  return replay;
};
