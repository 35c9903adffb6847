import { applyVerdict } from '../../grants/apply-verdict.ts';
import type { Grant } from '../../grants/grant.ts';
import { judge } from '../../grants/judge.ts';
import type { Verdict } from '../../grants/judge.ts';
import { describeReplay } from '../../grants/replay.ts';
import type { RefreshResult, RefreshUse, Store } from '../../grants/store.ts';
import { advance } from './advance.ts';
import type { KnownUse, ReadBefore } from './advance.ts';
import { createBatches } from './batches.ts';
import { isConflict, isOfOneRow } from './errors.ts';
import { addFacts } from './facts.ts';
import { lockGrant, revokeHeld } from './grant-rows.ts';
import type { KnownClients } from './known-clients.ts';
import { lookAt } from './look-at.ts';
import type { Sight } from './look-at.ts';
import type { Connections } from './pool.ts';
import { readReplay, writeReplay } from './replays.ts';
import { rotationValues } from './rows.ts';
import { settle } from './settle.ts';
import type { Transaction } from './transaction.ts';

/** A client that goes on presenting a dead token makes one fact in this time, not one for each. */
const REPLAY_FACT_INTERVAL_MS = 3_600_000;
/** How often a use is tried again because its client had changed. */
const READINGS_MAX = 3;

const UPDATE = `UPDATE grants SET generation = $3, key_number = $4, rotated_at_ms = $5, earlier = $6, caller_address = $7,
  caller_user_agent = $8, use_digest = $9 WHERE id = $1 AND generation = $2`;

/** Every verdict that leaves the row as it is may rest on the row as one statement saw it. */
const changesNothing = ({ kind }: Verdict): boolean => kind === 'repeat' || kind === 'refuse';

/**
 * Refreshes. One statement, shared by all that wait, serves every use that is judged `rotate`. What it passed over is looked at,
 * again all that waits in one statement, and answered if the verdict changes nothing. The rare rest (those that lost a race for
 * their row, are ahead of the store, or are a replay) take their row for themselves and are judged on it.
 */
export const createRefresh = (
  { read, write, transact }: Connections,
  clients: KnownClients,
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
      return await advance(write, uses);
    } catch (error) {
      // One use's trouble must not be that of all who shared its statement: each is tried by itself.
      const { cause } = error as Error;
      if (isConflict(cause) || isOfOneRow(cause)) return [];
      throw error;
    }
  };

  const refresh = async (use: RefreshUse, readings = 1): Promise<RefreshResult | 'client_gone'> => {
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
      return readings < READINGS_MAX ? refresh(use, readings + 1) : refreshAlone(use);
    const grant = sight.readGrant();
    const verdict = judge(grant, use.presented, use.nowMs, policy);
    return changesNothing(verdict) ? { verdict, grant, policy, replay: undefined } : refreshAlone(use);
  };

  const refreshAlone = (use: RefreshUse): Promise<RefreshResult | 'client_gone'> =>
    transact(async (transaction) => judgeHeld(transaction, clients, use));

  return (use) => settle(use, refresh);
};

/** What the statement did must be what the judge would have said, of the row as it was. */
const toRotated = (before: Grant, use: RefreshUse, policy: KnownUse['policy']): RefreshResult => {
  const verdict = judge(before, use.presented, use.nowMs, policy);
  if (verdict.kind !== 'rotate') throw new TypeError(`a grant was advanced whose verdict is ${verdict.kind}`);
  return { verdict, grant: applyVerdict(before, verdict, use), policy, replay: undefined };
};

/** Judges a use on its row, which nobody else can have meanwhile, and writes what the verdict leaves. */
const judgeHeld = async (
  transaction: Transaction,
  clients: KnownClients,
  use: RefreshUse,
): Promise<RefreshResult | 'client_gone'> => {
  const { presented, nowMs, caller, requestId } = use;
  const { ask, write } = transaction;
  const [before, readings] = await Promise.all([
    lockGrant(ask, presented.grantId),
    clients.load(ask, [presented.clientId]),
  ]);
  const client = readings.get(presented.clientId)?.client;
  if (client === undefined || client.disabledAt !== undefined) return 'client_gone';
  const { policy } = client;
  const verdict = judge(before, presented, nowMs, policy);
  if (before === undefined) return { verdict, grant: undefined, policy, replay: undefined };
  const grant = applyVerdict(before, verdict, use);
  if (grant.generation !== before.generation)
    write(UPDATE, [grant.id, before.generation, ...rotationValues(grant)]);
  if (verdict.kind !== 'replay') return { verdict, grant, policy, replay: undefined };
  const { gap, response } = verdict;
  const replay = describeReplay(
    before,
    { generation: presented.generation, gap, response },
    { nowMs, caller },
  );
  const last = await readReplay(ask, grant.id);
  writeReplay(transaction, grant.id, replay);
  if (last === undefined || nowMs - last.atMs >= REPLAY_FACT_INTERVAL_MS) {
    const { id: grantId, subject } = grant;
    const fact = {
      atMs: nowMs,
      grantId,
      clientId: grant.clientId,
      subject,
      requestId,
      cause: replay.looksLike,
    };
    await addFacts(transaction, [{ ...fact, kind: 'grant.replayed', vins: [] }]);
  }
  if (grant.revocation !== undefined)
    await revokeHeld(transaction, before, grant.revocation, { nowMs, requestId });
  return { verdict, grant, policy, replay };
};
