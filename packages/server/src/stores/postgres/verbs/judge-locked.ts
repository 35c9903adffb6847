import { isEnabled } from '../../../clients/client.ts';
import { decideRefresh, eventsOfReplay } from '../../../grants/decide-refresh.ts';
import type { Grant } from '../../../grants/grant.ts';
import type { RefreshResult, RefreshUse } from '../../../grants/grant-store.ts';
import { isPredecessor } from '../../../grants/judge.ts';
import type { Replay } from '../../../grants/replay.ts';
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
  const [locked, readings] = await Promise.all([
    lockWithIssuer(query, presented.grantId),
    clients.load(query, [presented.clientId]),
  ]);
  const client = readings.get(presented.clientId)?.client;
  if (!isEnabled(client)) return 'client_gone';
  if (locked === undefined) return decideRefresh(undefined, use, client.policy);
  const { grant: before, issuedBy } = locked;
  const decide = (isRetryOfOurs: boolean): RefreshResult =>
    decideRefresh(before, { ...use, presented: { ...presented, isRetryOfOurs } }, client.policy);
  const isRetryOfOurs = presented.isRetryOfOurs || mayHaveIssued(issuedBy);
  const tracked = { of: 'token', use } as const;
  const decided = isPredecessor(before, presented)
    ? await node.decideLocked(query, { tracked, issuedBy, isRetryOfOurs }, decide)
    : { decision: decide(isRetryOfOurs), takesOver: false };
  if (decided === 'not_known_yet') return decided;
  const { decision: result, takesOver } = decided;
  if (takesOver) writeIssuedBy(transaction, before, node.stamp());
  await writeResult(transaction, before, result, { use, node });
  return result;
};

const writeResult = async (
  transaction: Transaction,
  before: Grant,
  { grant: after, replay }: RefreshResult,
  { use, node }: { readonly use: RefreshUse; readonly node: Node },
): Promise<void> => {
  if (after === undefined) return;
  if (after.generation !== before.generation) writeRotation(transaction, before, after, node.stamp());
  if (replay !== undefined) await writeEvidence(transaction, after, replay, use);
};

/** Stores the evidence of a replay, its response and its grant events. */
const writeEvidence = async (
  transaction: Transaction,
  after: Grant,
  replay: Replay,
  use: RefreshUse,
): Promise<void> => {
  const [lastReplay, vehicles] = await Promise.all([
    readReplay(transaction.query, after.id),
    listVehicles(transaction.query, after.id),
  ]);
  writeReplay(transaction, after.id, replay);
  if (after.revocation !== undefined) writeRevocation(transaction, after);
  await addGrantEvents(transaction, eventsOfReplay(after, replay, use, { lastReplay, vehicles }));
};
