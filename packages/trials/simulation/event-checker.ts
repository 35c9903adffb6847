import { readGrantId } from '@keyfob/server/tokens';
import type { GrantRecord } from './records.ts';
import type { World } from './world.ts';

/** More than one grant can cause. */
const GRANT_EVENTS_MAX = 1000;

/**
 * What happened to a grant is kept as grant events: one for its creation by a code, one for each end. A log event of an
 * end is never without its grant event, nor is it repeated; a process that dies or is cut off writes none.
 */
export const checkGrantEvents = async (world: World): Promise<void> => {
  const endsInLog = new Map<string, string[]>();
  for (const event of world.log) {
    if (event.event !== 'grant.revoked') continue;
    endsInLog.set(event.grantId, [...(endsInLog.get(event.grantId) ?? []), event.requestId ?? '']);
  }
  for (const grant of world.grants)
    // A failover takes grant events back as well.
    if (!grant.hasFailedOver) await checkGrant(world, grant, endsInLog);
};

const checkGrant = async (
  world: World,
  grant: GrantRecord,
  endsInLog: ReadonlyMap<string, readonly string[]>,
): Promise<void> => {
  const violate = (what: string): void => world.violate('grant-events', `${grant.name} ${what}`);
  const events = await world.store.listGrantEvents({ after: 0, limit: GRANT_EVENTS_MAX, grantId: grant.id });
  const row = await world.store.peek(grant.id);
  if (grant.code !== undefined) {
    const created = events.filter(({ kind }) => kind === 'grant.created');
    if (created.length !== (grant.code.first === undefined ? 0 : 1))
      violate(`has ${created.length} grant events of its creation`);
    if (created.some(({ requestId }) => requestId === undefined)) violate('was created by no request');
  }
  const ends = events.filter(({ kind }) => kind === 'grant.revoked');
  if (row?.revocation !== undefined && ends.every(({ cause }) => cause !== row.revocation?.cause))
    violate(`was revoked (${row.revocation.cause}) without a grant event`);
  if (ends.some(({ cause, requestId }) => cause !== 'operator' && requestId === undefined))
    violate('was revoked by no request');
  const logged = [...endsInLog].find(([id]) => readGrantId(id) === grant.id)?.[1] ?? [];
  if (logged.some((id) => ends.every(({ requestId }) => requestId !== id)))
    violate('was revoked in the log without a grant event');
  if (new Set(logged).size < logged.length) violate('was revoked twice in the log by one request');
};
