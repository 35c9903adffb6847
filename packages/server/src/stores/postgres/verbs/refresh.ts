import type { Policy } from '../../../clients/policy.ts';
import { applyVerdict } from '../../../grants/apply-verdict.ts';
import type { Grant } from '../../../grants/grant.ts';
import { judge } from '../../../grants/judge.ts';
import type { Verdict } from '../../../grants/judge.ts';
import type { RefreshResult, RefreshUse } from '../../../grants/grant-store.ts';
import type { Store } from '../../../grants/store.ts';
import { advance } from './advance.ts';
import type { KnownUse, ReadBefore } from './advance.ts';
import { createBatches } from './batches.ts';
import { isConflict, isOfOneRow } from '../connection/errors.ts';
import { isPredecessor, judgeHeld } from './judge-locked.ts';
import type { KnownClients } from './known-clients.ts';
import { lookAt } from './read-current.ts';
import type { Sight } from './read-current.ts';
import { isDenied, UNANSWERED } from '../nodes/issued-by.ts';
import type { Maker } from '../nodes/issued-by.ts';
import type { Node } from '../nodes/node.ts';
import type { Connections } from '../connection/pool.ts';
import { asMet, settle } from '../nodes/settle.ts';
import type { MayHaveMade } from '../nodes/settle.ts';

/** How often a use is tried again because its client had changed. */
const READINGS_MAX = 3;

/** Every verdict that leaves the row as it is may rest on the row as one statement saw it. */
const changesNothing = ({ kind }: Verdict): boolean => kind === 'repeat' || kind === 'refuse';

/**
 * Refreshes. One statement, shared by all that wait, serves every use that is judged `rotate`. What it passed over is looked at,
 * again all that waits in one statement, and answered if the verdict changes nothing. The rare rest (those that lost a race for
 * their row, are ahead of the store, are a replay, or of which another node may know more) take their row for themselves and
 * are judged on it.
 */
export const createRefresh = (
  { read, write, transact }: Connections,
  clients: KnownClients,
  node: Node,
): Store['refresh'] => {
  const advances = createBatches<KnownUse, ReadBefore | undefined>(async (uses) => {
    // A statement advances a row once, so of those who present the same grant at the same moment the first does it.
    const first = new Map(uses.toReversed().map((one) => [one.use.presented.grantId, one]));
    const advancing = uses.filter((one) => first.get(one.use.presented.grantId) === one);
    const answers = await advanceAll(advancing);
    const byUse = new Map(advancing.map((one, index) => [one, answers[index]]));
    return uses.map((one) => byUse.get(one));
  });
  const sights = createBatches<RefreshUse, Sight>((uses) =>
    lookAt(
      read,
      uses.map(({ presented }) => presented),
    ),
  );

  const advanceAll = async (uses: readonly KnownUse[]): Promise<readonly (ReadBefore | undefined)[]> => {
    try {
      return await advance(write, uses, node.stamp());
    } catch (error) {
      // One use's trouble must not be that of all who shared its statement: each is tried by itself.
      const { cause } = error as Error;
      if (isConflict(cause) || isOfOneRow(cause)) return [];
      throw error;
    }
  };

  const refresh = async (
    use: RefreshUse,
    mayHaveMade: MayHaveMade,
    readings = 1,
  ): Promise<RefreshResult | 'client_gone'> => {
    // What its row says of it may be about to change, so it is judged where nobody else has the row.
    if (node.owes({ of: 'token', use })) return refreshAlone(use, mayHaveMade);
    const { clientId } = use.presented;
    const { client, revision } = await clients.recall(clientId);
    if (client === undefined || revision === undefined) return 'client_gone';
    const { policy } = client;
    const readBefore = await advances.run({ use, policy, revision });
    if (readBefore !== undefined) return toRotated(readBefore(), use, policy);
    const sight = await sights.run(use);
    if (sight.revision !== revision) clients.forget(clientId);
    if (sight.revision === undefined) return 'client_gone';
    if (sight.revision !== revision)
      return readings < READINGS_MAX
        ? refresh(use, mayHaveMade, readings + 1)
        : refreshAlone(use, mayHaveMade);
    const grant = sight.readGrant();
    const verdict = judge(grant, asMet(use.presented, mayHaveMade(sight.maker)), use.nowMs, policy);
    const isFinal = changesNothing(verdict) && !restsOnMaker(grant, verdict, sight.maker, use);
    return isFinal ? { verdict, grant, policy, replay: undefined } : refreshAlone(use, mayHaveMade);
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

  const refreshAlone = (use: RefreshUse, mayHaveMade: MayHaveMade): Promise<RefreshResult | 'client_gone'> =>
    node.untilKnown(() =>
      transact((transaction) => judgeHeld(transaction, { clients, node }, { use, mayHaveMade })),
    );

  return (use, issue) =>
    node.track(
      { of: 'token', use },
      (mayHaveMade) => settle(mayHaveMade, (mayHaveMadeIt) => refresh(use, mayHaveMadeIt)),
      issue,
    );
};

/** What the statement did must be what the judge would have said, of the row as it was. */
const toRotated = (before: Grant, use: RefreshUse, policy: Policy): RefreshResult => {
  const verdict = judge(before, use.presented, use.nowMs, policy);
  if (verdict.kind !== 'rotate') throw new TypeError(`a grant was advanced whose verdict is ${verdict.kind}`);
  return { verdict, grant: applyVerdict(before, verdict, use), policy, replay: undefined };
};
