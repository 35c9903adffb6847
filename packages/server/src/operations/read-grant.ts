import type { Client } from '../clients/client.ts';
import { readNow } from '../clock.ts';
import type { Now } from '../clock.ts';
import type { Grant } from '../grants/grant.ts';
import { opensNoMore } from '../grants/judge.ts';
import type { ReplayRecord } from '../grants/replay.ts';
import { standingOf } from '../grants/standing.ts';
import type { Standing } from '../grants/standing.ts';
import type { GrantFilter, Page } from '../grants/grant-store.ts';
import type { Vehicle } from '../grants/vehicle.ts';
import type { GrantId } from '../tokens/grant-id.ts';
import type { KeyWithdrawal, RegisteredKey } from '../tokens/key-state.ts';
import type { OperationContext } from './context.ts';

/** A grant with its client, and whether it is active. */
export type GrantSummary = { readonly grant: Grant; readonly client: Client; readonly standing: Standing };

/** A grant with everything that is stored about it. */
export type GrantDetails = GrantSummary & {
  /** The last replay, where there was one. */
  readonly replay: ReplayRecord | undefined;
  readonly vehicles: readonly Vehicle[];
  /** As what the key of its newest refresh token was withdrawn, where that token is refused for it. */
  readonly keyEnded: KeyWithdrawal['state'] | undefined;
};

/** Answers `undefined` for an unknown grant. Throws `StoreError`. */
export const readGrant = async (
  context: Pick<OperationContext, 'store' | 'clock' | 'doubt'>,
  id: GrantId,
): Promise<GrantDetails | undefined> => {
  const { store } = context;
  const grant = await store.readGrant(id);
  if (grant === undefined) return undefined;
  const { client, keys } = await store.readClient(grant.clientId);
  if (client === undefined) return undefined;
  const [replay, vehicles] = await Promise.all([store.readReplay(id), store.listVehicles(id)]);
  const now = readNow(context);
  const standing = standingOf(grant, client.policy, now);
  return { grant, client, standing, replay, vehicles, keyEnded: keyEndedOf(grant, client, keys, now) };
};

/** A first token may have been imported, and then no key of ours made it. */
const keyEndedOf = (
  { keyNumber, generation }: Grant,
  { hasImportedTokens }: Client,
  keys: readonly RegisteredKey[],
  now: Now,
): KeyWithdrawal['state'] | undefined => {
  if (generation === 0 && hasImportedTokens === true) return undefined;
  const withdrawal = keys.find(({ number }) => number === keyNumber)?.withdrawal;
  return withdrawal !== undefined && opensNoMore(withdrawal, now) ? withdrawal.state : undefined;
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
