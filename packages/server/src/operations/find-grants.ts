import type { GrantFilter, Page } from '../grants/grant-store.ts';
import type { Status } from '../grants/standing.ts';
import type { GrantId } from '../tokens/grant-id.ts';
import type { OperationContext } from './context.ts';
import { listGrants, readGrant } from './read-grant.ts';
import type { GrantDetails, GrantSummary } from './read-grant.ts';

/** Which grants are searched for: those to which everything that is given applies. */
export type GrantSearch = Omit<GrantFilter, 'isRevoked'> & {
  readonly status?: Status | undefined;
  /** Of a request that made or changed it. Refreshes are not stored by their requests. */
  readonly requestId?: string | undefined;
};

/** A page of what was found, and after which grant the next one begins; `undefined` at the end. */
export type GrantsFound = { readonly grants: readonly GrantSummary[]; readonly next: GrantId | undefined };

type FindContext = Pick<OperationContext, 'store' | 'clock' | 'doubt'>;

/**
 * How many grants are looked at for a page. A status other than `revoked` is not stored: it follows from the policy and the
 * present moment. So a page may be short, or empty, and still have a next one.
 */
const LOOKED_AT_MAX = 5000;
const READ_AT_ONCE = 500;
/** One request changes few grants. */
const EVENTS_OF_REQUEST_MAX = 1000;

/** Finds grants, in the order of their ids. Throws `StoreError`. */
export const findGrants = async (
  context: FindContext,
  { status, requestId, ...filter }: GrantSearch,
  page: Page,
): Promise<GrantsFound> => {
  if (requestId !== undefined) return findByRequest(context, requestId, { ...filter, status }, page);
  if (status === undefined) return listGrants(context, { ...filter, ...page });
  if (status === 'revoked') return listGrants(context, { ...filter, ...page, isRevoked: true });
  return findByStanding(context, status, filter, page);
};

const findByStanding = async (
  context: FindContext,
  status: Exclude<Status, 'revoked'>,
  filter: GrantFilter,
  { after, limit }: Page,
): Promise<GrantsFound> => {
  const found: GrantSummary[] = [];
  let next = after;
  for (let lookedAt = 0; lookedAt < LOOKED_AT_MAX; lookedAt += READ_AT_ONCE) {
    const page = await listGrants(context, { ...filter, isRevoked: false, after: next, limit: READ_AT_ONCE });
    for (const summary of page.grants) {
      if (summary.standing.status !== status) continue;
      found.push(summary);
      if (found.length === limit) return { grants: found, next: summary.grant.id };
    }
    next = page.next;
    if (next === undefined) break;
  }
  return { grants: found, next };
};

const findByRequest = async (
  context: FindContext,
  requestId: string,
  search: Omit<GrantSearch, 'requestId'>,
  { after, limit }: Page,
): Promise<GrantsFound> => {
  const events = await context.store.listGrantEvents({ requestId, limit: EVENTS_OF_REQUEST_MAX });
  const ids = [...new Set(events.map(({ grantId }) => grantId))]
    .filter((id) => after === undefined || id > after)
    .sort((left, right) => (left < right ? -1 : 1));
  const read = await Promise.all(ids.map((id) => readGrant(context, id)));
  const found = read.filter((details) => details !== undefined).filter((one) => isSearched(one, search));
  const grants = found.slice(0, limit);
  return { grants, next: found.length > limit ? grants.at(-1)?.grant.id : undefined };
};

const isSearched = (
  { grant, standing, vehicles }: GrantDetails,
  { clientId, subject, vin, status, createdSinceMs = 0 }: Omit<GrantSearch, 'requestId'>,
): boolean =>
  (clientId === undefined || grant.clientId === clientId) &&
  (subject === undefined || grant.subject === subject) &&
  (vin === undefined || vehicles.some((vehicle) => vehicle.vin === vin)) &&
  (status === undefined || standing.status === status) &&
  grant.createdAtMs >= createdSinceMs;
