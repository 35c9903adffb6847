import type { Policy } from '../../clients/policy.ts';
import { applyVerdict } from '../../grants/apply-verdict.ts';
import type { Grant } from '../../grants/grant.ts';
import { judge } from '../../grants/judge.ts';
import type { Verdict } from '../../grants/judge.ts';
import { describeReplay } from '../../grants/replay.ts';
import type { Replay } from '../../grants/replay.ts';
import type { RefreshResult, RefreshUse, Store } from '../../grants/store.ts';
import { advance } from './advance.ts';
import type { Advance, KnownUse } from './advance.ts';
import { createBatches } from './batches.ts';
import { isConflict, isOfOneRow } from './errors.ts';
import { addFacts } from './facts.ts';
import { lockMade, revokeHeld, writeMaker, writeRotation } from './grant-rows.ts';
import type { KnownClients } from './known-clients.ts';
import { isDenied, UNANSWERED, weigh } from './maker.ts';
import type { Maker } from './maker.ts';
import type { Node } from './node.ts';
import type { Connections } from './pool.ts';
import { readReplay, writeReplay } from './replays.ts';
import { settle } from './settle.ts';
import type { Transaction } from './transaction.ts';

/** A client that goes on presenting a dead token makes one fact in this time, not one for each. */
const REPLAY_FACT_INTERVAL_MS = 3_600_000;
/** How often a use is tried again because its client had changed. */
const READINGS_MAX = 3;

/** Every verdict that leaves the row as it is may rest on the row as one statement saw it. */
const changesNothing = ({ kind }: Verdict): boolean => kind === 'repeat' || kind === 'refuse';

const isPredecessor = (grant: Grant, { presented }: RefreshUse): boolean =>
  grant.generation - presented.generation === 1;

/**
 * Refreshes. One statement, shared by all that wait, serves every use but the rare ones: those that lost a race for their
 * row, are ahead of the store, are a replay, or of which another node may know more. These take their row for
 * themselves and are judged on it.
 */
export const createRefresh = (
  { write, transact }: Connections,
  clients: KnownClients,
  node: Node,
): Store['refresh'] => {
  const batches = createBatches<KnownUse, Advance | 'not_tried'>(async (uses) => {
    const flying = new Set<bigint>();
    const first = uses.filter(({ use }) => {
      const { grantId } = use.presented;
      return flying.has(grantId) ? false : flying.add(grantId);
    });
    const answers = await advanceAll(first);
    const byUse = new Map(first.map((one, index) => [one, answers[index]]));
    // A statement advances a row once, so whoever presents the same grant at the same moment goes after it.
    return uses.map((one) => byUse.get(one) ?? 'not_tried');
  });

  const advanceAll = async (uses: readonly KnownUse[]): Promise<readonly (Advance | 'not_tried')[]> => {
    try {
      return await advance(write, uses, node.stamp());
    } catch (error) {
      // One use's trouble must not be that of all who shared its statement: each is tried by itself.
      const { cause } = error as Error;
      if (isConflict(cause) || isOfOneRow(cause)) return uses.map(() => 'not_tried');
      throw error;
    }
  };

  const refresh = async (use: RefreshUse, readings = 1): Promise<RefreshResult | 'client_gone'> => {
    // What its row says of it may be about to change, so it is judged where nobody else has the row.
    if (node.owes({ of: 'token', use })) return refreshAlone(use);
    const { clientId } = use.presented;
    const { client, revision } = await clients.recall(clientId);
    if (client === undefined || revision === undefined) return 'client_gone';
    const answer = await batches.run({ use, policy: client.policy, revision });
    if (answer === 'not_tried') return refreshAlone(use);
    if (answer.isAdvanced) return toRotated(answer.readBefore(), use, client.policy);
    if (answer.revision !== revision) clients.forget(clientId);
    if (answer.revision === undefined) return 'client_gone';
    if (answer.revision !== revision)
      return readings < READINGS_MAX ? refresh(use, readings + 1) : refreshAlone(use);
    const grant = answer.readBefore();
    const verdict = judge(grant, use.presented, use.nowMs, client.policy);
    if (!changesNothing(verdict) || restsOnMaker(grant, verdict, answer.maker, use)) return refreshAlone(use);
    return { verdict, grant, policy: client.policy, replay: undefined };
  };

  /** Whether a verdict on a predecessor may be another one by what the maker of its successor tells, or ends what it told. */
  const restsOnMaker = (
    grant: Grant | undefined,
    verdict: Verdict,
    maker: Maker | undefined,
    use: RefreshUse,
  ): boolean => {
    if (grant === undefined || maker === undefined || !isPredecessor(grant, use)) return false;
    return isDenied(verdict) ? !node.isOwn(maker) : maker === UNANSWERED;
  };

  const refreshAlone = (use: RefreshUse): Promise<RefreshResult | 'client_gone'> =>
    node.untilKnown(() => transact(async (transaction) => judgeHeld(transaction, clients, node, use)));

  return (use) => node.carry({ of: 'token', use }, () => settle(use, refresh));
};

/** What the statement did must be what the judge would have said, of the row as it was. */
const toRotated = (before: Grant | undefined, use: RefreshUse, policy: KnownUse['policy']): RefreshResult => {
  const verdict = judge(before, use.presented, use.nowMs, policy);
  if (before === undefined || verdict.kind !== 'rotate')
    throw new TypeError(`a grant was advanced whose verdict is ${verdict.kind}`);
  return { verdict, grant: applyVerdict(before, verdict, use), policy, replay: undefined };
};

/** Judges a use on its row, which nobody else can have meanwhile, and writes what the verdict leaves. */
const judgeHeld = async (
  transaction: Transaction,
  clients: KnownClients,
  node: Node,
  use: RefreshUse,
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
  const verdict = await judgeMade(transaction, node, held, use, policy);
  if (verdict === 'not_known_yet') return verdict;
  const grant = applyVerdict(before, verdict, use);
  if (grant.generation !== before.generation) writeRotation(transaction, before, grant, node.stamp());
  if (verdict.kind !== 'replay') return { verdict, grant, policy, replay: undefined };
  return { verdict, grant, policy, replay: await keepReplay(transaction, before, grant, verdict, use) };
};

/** The verdict on a grant that is held, by its row and by whether the answer of its current generation was ever given. */
const judgeMade = async (
  transaction: Transaction,
  node: Node,
  { grant, maker }: { readonly grant: Grant; readonly maker: Maker | undefined },
  use: RefreshUse,
  policy: Policy,
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

/** Keeps the evidence of a replay, with the facts of it. */
const keepReplay = async (
  transaction: Transaction,
  before: Grant,
  after: Grant,
  { gap, response }: Verdict & { kind: 'replay' },
  { presented: { generation }, nowMs, caller, requestId }: RefreshUse,
): Promise<Replay> => {
  const replay = describeReplay(before, { generation, gap, response }, { nowMs, caller });
  const { id: grantId, clientId, subject } = before;
  const last = await readReplay(transaction.ask, grantId);
  writeReplay(transaction, grantId, replay);
  if (last === undefined || nowMs - last.atMs >= REPLAY_FACT_INTERVAL_MS) {
    const fact = { atMs: nowMs, grantId, clientId, subject, requestId, cause: replay.looksLike };
    await addFacts(transaction, [{ ...fact, kind: 'grant.replayed', vins: [] }]);
  }
  if (after.revocation !== undefined)
    await revokeHeld(transaction, before, after.revocation, { nowMs, requestId });
  return replay;
};
