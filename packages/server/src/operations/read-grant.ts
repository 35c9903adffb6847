import type { Client } from '../clients/client.ts';
import { readNow } from '../clock.ts';
import type { Grant } from '../grants/grant.ts';
import type { ReplayRecord } from '../grants/replay.ts';
import { standingOf } from '../grants/standing.ts';
import type { Standing } from '../grants/standing.ts';
import type { GrantFilter, Page } from '../grants/grant-store.ts';
import type { Vehicle } from '../grants/vehicle.ts';
import type { GrantId } from '../tokens/grant-id.ts';
import type { OperationContext } from './context.ts';

/** A grant with its client, and whether it is active. */
export type GrantSummary = { readonly grant: Grant; readonly client: Client; readonly standing: Standing };

/** A grant with everything that is stored about it. */
export type GrantDetails = GrantSummary & {
  /** The last replay, where there was one. */
  readonly replay: ReplayRecord | undefined;
  readonly vehicles: readonly Vehicle[];
};

/** Answers `undefined` for an unknown grant. Throws `StoreError`. */
export const readGrant = async (
  context: Pick<OperationContext, 'store' | 'clock' | 'doubt'>,
  id: GrantId,
): Promise<GrantDetails | undefined> => {
  const { store } = context;
  const grant = await store.readGrant(id);
  if (grant === undefined) return undefined;
  const { client } = await store.readClient(grant.clientId);
  if (client === undefined) return undefined;
  const [replay, vehicles] = await Promise.all([store.readReplay(id), store.listVehicles(id)]);
  return { grant, client, standing: standingOf(grant, client.policy, readNow(context)), replay, vehicles };
};

/** A page of grants in the order of ids, and after which id the next one begins. Throws `StoreError`. */
export const listGrants = async (
  context: Pick<OperationContext, 'store' | 'clock' | 'doubt'>,
  page: Page & GrantFilter,
): Promise<{ readonly grants: readonly GrantSummary[]; readonly next: GrantId | undefined }> => {
  const { store } = context;
  const found = await store.listGrants(page);
  const ids = [...new Set(found.map(({ clientId }) => clientId))];
  const clients = new Map(
    await Promise.all(ids.map(async (id) => [id, (await store.readClient(id)).client] as const)),
  );
  const now = readNow(context);
  const grants = found.flatMap((grant) => {
    const client = clients.get(grant.clientId);
    return client === undefined ? [] : [{ grant, client, standing: standingOf(grant, client.policy, now) }];
  });
  return { grants, next: found.length === page.limit ? found.at(-1)?.id : undefined };
};
