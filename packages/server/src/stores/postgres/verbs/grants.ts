import { decideCreation } from '../../../grants/decide-creation.ts';
import { decideReinstatement, decideRevocation } from '../../../grants/decide-revocation.ts';
import type { Grant } from '../../../grants/grant.ts';
import type { GrantStore } from '../../../grants/grant-store.ts';
import { hasEndedBefore } from '../../../grants/standing.ts';
import type { Connections } from '../connection/pool.ts';
import { dropLostNodes } from '../nodes/node-rows.ts';
import type { Node } from '../nodes/node.ts';
import { addGrantEvents, writeGrantEvents } from './grant-events.ts';
import {
  addConsents,
  insertGrant,
  lockGrant,
  lockGrantWithVehicles,
  readGrant,
  removeGrants,
  writeRevocation,
} from './grant-rows.ts';
import { listGrants } from './grant-lists.ts';
import type { KnownClients } from './known-clients.ts';
import { createRefresh } from './refresh.ts';
import { readReplay } from './replays.ts';
import { listWebhooks } from './webhooks.ts';
import { canBeText, GRANT_COLUMNS, toGrant } from './rows.ts';

const COUNT_OF_CLIENT =
  'SELECT count(*) AS grants FROM (SELECT 1 FROM grants WHERE client_id = $1 LIMIT $2) AS counted';

/** For statements that go through many rows. */
const TIMEOUT_MS = 60_000;

const DROP_IMPORTED = 'DELETE FROM imported_tokens WHERE grant_id BETWEEN $1 AND $2 AND expires_at_ms < $3';

export const createGrantVerbs = (connections: Connections, clients: KnownClients, node: Node): GrantStore => {
  const { read, write, transact } = connections;

  const prune: GrantStore['prune'] = async ({ after, limit, endedBeforeMs }) => {
    if (after === undefined) await dropLostNodes(connections);
    const page = await listGrants(read, { after, limit });
    const [first, last] = [page[0], page.at(-1)];
    if (first !== undefined && last !== undefined)
      await write(DROP_IMPORTED, [first.id, last.id, endedBeforeMs]);
    const next = page.length === limit ? last?.id : undefined;
    const readings = await clients.load(read, [...new Set(page.map(({ clientId }) => clientId))]);
    const isEnded = (grant: Grant): boolean => {
      const client = readings.get(grant.clientId)?.client;
      return client !== undefined && hasEndedBefore(grant, client.policy, endedBeforeMs);
    };
    const ended = page.filter(isEnded).map(({ id }) => id);
    if (ended.length === 0) return { pruned: 0, next };
    const pruned = await transact(
      async (transaction) => {
        // Checked again on the locked rows: one may have been refreshed or reinstated meanwhile.
        const rows = await transaction.query(
          `SELECT ${GRANT_COLUMNS} FROM grants AS g WHERE g.id = ANY($1::bigint[]) ORDER BY g.id FOR UPDATE`,
          [ended],
        );
        const gone = rows.map(toGrant).filter(isEnded);
        removeGrants(
          transaction,
          gone.map(({ id }) => id),
        );
        return gone.length;
      },
      { timeoutMs: TIMEOUT_MS },
    );
    return { pruned, next };
  };

  return {
    refresh: createRefresh(connections, clients, node),
    createGrant: (grant, auditContext) =>
      transact(async (transaction) => {
        // Sent together, which saves a round trip.
        const [outcome, webhooks] = await Promise.all([
          insertGrant(transaction.query, grant),
          listWebhooks(transaction.query),
        ]);
        if (outcome !== 'created') return outcome;
        addConsents(transaction, [grant]);
        writeGrantEvents(transaction, decideCreation(grant, auditContext).grantEvents, webhooks);
        return outcome;
      }),
    readGrant: (id) => readGrant(read, id),
    readReplay: (id) => readReplay(read, id),
    listGrants: (page) => listGrants(read, page),
    async countGrants(clientId, { atMost } = { atMost: Number.MAX_SAFE_INTEGER }) {
      if (clientId !== undefined && !canBeText(clientId)) return 0;
      const [row] =
        clientId === undefined
          ? await read('SELECT count(*) AS grants FROM grants')
          : await read(COUNT_OF_CLIENT, [clientId, atMost]);
      return Number(row?.['grants']);
    },
    revoke: (id, revocation) =>
      transact(async (transaction) => {
        const { grant, vehicles } = await lockGrantWithVehicles(transaction.query, id);
        const change = decideRevocation(grant, revocation, vehicles);
        if (typeof change === 'string') return change;
        writeRevocation(transaction, change.grant);
        await addGrantEvents(transaction, change.grantEvents);
        return 'revoked';
      }),
    reinstate: (id, auditContext) =>
      transact(async (transaction) => {
        const change = decideReinstatement(await lockGrant(transaction.query, id), auditContext);
        if (typeof change === 'string') return change;
        writeRevocation(transaction, change.grant);
        await addGrantEvents(transaction, change.grantEvents);
        return 'reinstated';
      }),
    prune,
  };
};
