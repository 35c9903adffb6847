import { readGrantId } from '@keyfob/server/tokens';
import type { GrantRecord } from './records.ts';
import type { World } from './world.ts';

/** More than the grant events of one grant. */
const GRANT_EVENTS_MAX = 1000;

/**
 * The grant events of a grant are complete: one for its creation by a code, one per revocation. Every log event of a
 * revocation has its grant event and is not repeated. A process that dies or loses its connection writes no log event.
 */
export const checkGrantEvents = async (world: World): Promise<void> => {
  const revocationsInLog = new Map<string, string[]>();
  for (const event of world.log) {
    if (event.event !== 'grant.revoked') continue;
    revocationsInLog.set(event.grantId, [
      ...(revocationsInLog.get(event.grantId) ?? []),
      event.requestId ?? '',
    ]);
  }
  for (const grant of world.grants)
    // A failover also loses grant events.
    if (!grant.hasFailedOver) await checkGrant(world, grant, revocationsInLog);
};

const checkGrant = async (
  world: World,
  grant: GrantRecord,
  revocationsInLog: ReadonlyMap<string, readonly string[]>,
): Promise<void> => {
  const violate = (what: string): void => world.violate('grant-events', `${grant.name} ${what}`);
  const events = await world.store.listGrantEvents({ after: 0, limit: GRANT_EVENTS_MAX, grantId: grant.id });
  const row = await world.store.peek(grant.id);
  if (grant.code !== undefined) {
    const created = events.filter(({ kind }) => kind === 'grant.created');
    if (created.length !== (grant.code.first === undefined ? 0 : 1))
      violate(`has ${created.length} creation events`);
    if (created.some(({ requestId }) => requestId === undefined))
      violate('has a creation event without a request id');
  }
  const revocations = events.filter(({ kind }) => kind === 'grant.revoked');
  if (row?.revocation !== undefined && revocations.every(({ cause }) => cause !== row.revocation?.cause))
    violate(`was revoked (${row.revocation.cause}) without a grant event`);
  if (revocations.some(({ cause, requestId }) => cause !== 'operator' && requestId === undefined))
    violate('has a revocation event without a request id');
  const logged = [...revocationsInLog].find(([id]) => readGrantId(id) === grant.id)?.[1] ?? [];
  if (logged.some((id) => revocations.every(({ requestId }) => requestId !== id)))
    violate('has a revocation in the log without a grant event');
  if (new Set(logged).size < logged.length) violate('has two revocations by one request in the log');
};
