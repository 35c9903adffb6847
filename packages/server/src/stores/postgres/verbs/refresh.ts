import type { Policy } from '../../../clients/policy.ts';
import { changesNothing, mayLackToken } from '../../../grants/answered.ts';
import { decideRefresh, decideRotation, NO_REPLAY_CONTEXT } from '../../../grants/decide-refresh.ts';
import type { CurrentGrant } from '../../../grants/grant.ts';
import type { RefreshResult, RefreshUse } from '../../../grants/grant-store.ts';
import type { Store } from '../../../grants/store.ts';
import { advance } from './advance.ts';
import type { KnownUse, ReadBefore } from './advance.ts';
import { createBatches } from './batches.ts';
import { isConflict, isOfOneRow } from '../connection/errors.ts';
import { judgeLocked } from './judge-locked.ts';
import type { KnownClients } from './known-clients.ts';
import { readCurrent } from './read-current.ts';
import type { CurrentState } from './read-current.ts';
import type { Node } from '../nodes/node.ts';
import type { MayHaveIssued } from '../nodes/retry-after-cut.ts';
import type { Connections } from '../connection/pool.ts';

/** How often a use is tried again because its client had changed. */
const READINGS_MAX = 3;

/**
 * Refreshes. One statement, shared by all waiting uses, serves every use that is judged `rotate`. The grants of the
 * others are read, again in one statement, and the use is answered if its verdict changes nothing. The rare rest (uses
 * that lost a race for their row, are ahead of the store, are a replay, or that another node may know more about) lock
 * their row and are judged on it.
 */
export const createRefresh = (
  { read, write, transact }: Connections,
  clients: KnownClients,
  node: Node,
): Store['refresh'] => {
  const advances = createBatches<KnownUse, ReadBefore | undefined>(async (uses) => {
    // A statement advances a row once, so of several uses of the same grant only the first takes part.
    const first = new Map(uses.toReversed().map((one) => [one.use.presented.grantId, one]));
    const advancing = uses.filter((one) => first.get(one.use.presented.grantId) === one);
    const answers = await advanceAll(advancing);
    const byUse = new Map(advancing.map((one, index) => [one, answers[index]]));
    return uses.map((one) => byUse.get(one));
  });
  const reads = createBatches<RefreshUse, CurrentState>((uses) =>
    readCurrent(
      read,
      uses.map(({ presented }) => presented),
    ),
  );

  const advanceAll = async (uses: readonly KnownUse[]): Promise<readonly (ReadBefore | undefined)[]> => {
    try {
      return await advance(write, uses, node.stamp());
    } catch (error) {
      // The failure of one use must not fail all that share its statement: each is judged by itself.
      const { cause } = error as Error;
      if (isConflict(cause) || isOfOneRow(cause)) return [];
      throw error;
    }
  };

  const refresh = async (
    use: RefreshUse,
    mayHaveIssued: MayHaveIssued,
    readings = 1,
  ): Promise<RefreshResult | 'client_gone'> => {
    // Its row may not show yet that it was not answered, so it is judged on the locked row.
    if (node.isUnanswered({ of: 'token', use })) return refreshLocked(use, mayHaveIssued);
    const { clientId } = use.presented;
    const { client, revision } = await clients.recall(clientId);
    if (client === undefined || revision === undefined) return 'client_gone';
    const { policy } = client;
    const readBefore = await advances.run({ use, policy, revision });
    if (readBefore !== undefined) return toRotated(readBefore(), use, policy);
    const current = await reads.run(use);
    if (current.revision !== revision) clients.forget(clientId);
    if (current.revision === undefined) return 'client_gone';
    if (current.revision !== revision)
      return readings < READINGS_MAX
        ? refresh(use, mayHaveIssued, readings + 1)
        : refreshLocked(use, mayHaveIssued);
    const grant = current.readGrant();
    const isRetryOfOurs = use.presented.isRetryOfOurs || mayHaveIssued(current.issuedBy);
    const retried = { ...use, presented: { ...use.presented, isRetryOfOurs } };
    const { result } = decideRefresh(grant, retried, policy, NO_REPLAY_CONTEXT);
    const isFinal =
      grant === undefined ||
      !mayLackToken(grant, use.presented) ||
      node.isFinal(result.verdict, current.issuedBy);
    return isFinal && changesNothing(result.verdict) ? result : refreshLocked(use, mayHaveIssued);
  };

  const refreshLocked = (
    use: RefreshUse,
    mayHaveIssued: MayHaveIssued,
  ): Promise<RefreshResult | 'client_gone'> =>
    node.untilKnown(() =>
      transact((transaction) => judgeLocked(transaction, { clients, node }, { use, mayHaveIssued })),
    );

  return (use, issue) =>
    node.track({ of: 'token', use }, (mayHaveIssued) => refresh(use, mayHaveIssued), issue);
};

/** Checks that the statement did what `decideRefresh` decides on the row as it was. */
const toRotated = (before: CurrentGrant, use: RefreshUse, policy: Policy): RefreshResult => {
  const rotation = decideRotation(before, use, policy);
  if (rotation === undefined) throw new TypeError('a grant was advanced whose verdict is not "rotate"');
  return rotation;
};
