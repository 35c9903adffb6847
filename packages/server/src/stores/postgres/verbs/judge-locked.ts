import { isEnabled } from '../../../clients/client.ts';
import { mayLackToken } from '../../../grants/answered.ts';
import { decideRefresh, NO_REPLAY_CONTEXT } from '../../../grants/decide-refresh.ts';
import type { RefreshDecision } from '../../../grants/decide-refresh.ts';
import type { Grant } from '../../../grants/grant.ts';
import type { RefreshResult, RefreshUse } from '../../../grants/grant-store.ts';
import type { Transaction } from '../connection/transaction.ts';
import type { Node } from '../nodes/node.ts';
import type { MayHaveIssued } from '../nodes/retry-after-cut.ts';
import { listVehicles } from './covered-vehicles.ts';
import { addGrantEvents } from './grant-events.ts';
import { lockWithIssuer, writeIssuedBy, writeRevocation, writeRotation } from './grant-rows.ts';
import type { KnownClients } from './known-clients.ts';
import { readReplay, writeReplay } from './replays.ts';

/** Decides a use on its locked row, and writes what the decision changes. */
export const judgeLocked = async (
  transaction: Transaction,
  { clients, node }: { readonly clients: KnownClients; readonly node: Node },
  { use, mayHaveIssued }: { readonly use: RefreshUse; readonly mayHaveIssued: MayHaveIssued },
): Promise<RefreshResult | 'client_gone' | 'not_known_yet'> => {
  const { presented } = use;
  const { query } = transaction;
  // The context of a replay is read along with the row, after it is locked: that costs no round trip.
  const [locked, readings, lastReplay, vehicles] = await Promise.all([
    lockWithIssuer(query, presented.grantId),
    clients.load(query, [presented.clientId]),
    readReplay(query, presented.grantId),
    listVehicles(query, presented.grantId),
  ]);
  const client = readings.get(presented.clientId)?.client;
  if (!isEnabled(client)) return 'client_gone';
  if (locked === undefined) return decideRefresh(undefined, use, client.policy, NO_REPLAY_CONTEXT).result;
  const { grant: before, issuedBy } = locked;
  const context = { lastReplayOf: () => lastReplay, vehiclesOf: () => vehicles };
  const decide = (isRetryOfOurs: boolean): RefreshDecision =>
    decideRefresh(before, { ...use, presented: { ...presented, isRetryOfOurs } }, client.policy, context);
  const isRetryOfOurs = presented.isRetryOfOurs || mayHaveIssued(issuedBy);
  const tracked = { of: 'token', use } as const;
  const decided = mayLackToken(before, presented)
    ? await node.decideLocked(query, { tracked, issuedBy, isRetryOfOurs }, decide)
    : { decision: decide(isRetryOfOurs), takesOver: false };
  if (decided === 'not_known_yet') return decided;
  const { decision, takesOver } = decided;
  if (takesOver) writeIssuedBy(transaction, before, node.stamp());
  await writeDecision(transaction, before, decision, node);
  return decision.result;
};

const writeDecision = async (
  transaction: Transaction,
  before: Grant,
  { result: { grant: after, replay }, grantEvents }: RefreshDecision,
  { stamp }: Node,
): Promise<void> => {
  if (after === undefined) return;
  if (after.generation !== before.generation) writeRotation(transaction, before, after, stamp());
  if (replay === undefined) return;
  writeReplay(transaction, after.id, replay);
  if (after.revocation !== undefined) writeRevocation(transaction, after);
  await addGrantEvents(transaction, grantEvents);
};
