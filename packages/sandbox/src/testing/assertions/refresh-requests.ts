import type { RequestFilter } from '../world-requests.ts';
import type { World } from '../world.ts';
import type { WorldRequest } from '../world-state.ts';

/** What assertions read of a world. */
export type ReadableWorld = Pick<World, 'requests' | 'holds'>;

/** Which refreshes an assertion is about; all of the world by default. */
export type RefreshFilter = Omit<RequestFilter, 'endpoint'>;

/** The refreshes that are over, in the order of their arrival. */
export const readRefreshes = async (
  world: ReadableWorld,
  filter: RefreshFilter,
): Promise<readonly WorldRequest[]> => {
  const requests = await world.requests({ ...filter, endpoint: 'token' });
  return requests.filter(({ grantType }) => grantType === 'refresh_token');
};

/** Whether the request brought no decision to the client: no whole answer, a fault's answer, or that of a server in trouble. */
export const isInconclusive = ({ answer, delivered }: WorldRequest): boolean =>
  answer === null ||
  delivered !== 'all' ||
  answer.status === 429 ||
  answer.status >= 500 ||
  (answer.madeUp && answer.refreshToken === null);

/** Whether the client got a refresh token that it can use. */
export const isServed = (request: WorldRequest): boolean =>
  !isInconclusive(request) && request.answer?.refreshToken !== null;

/** The grant and generation in a name such as `g1/3`. */
export const readTokenName = (
  name: string | null | undefined,
): { readonly grant: string; readonly generation: number } | undefined => {
  const [, grant, generation] = /^(g\d+)\/(\d+)$/.exec(name ?? '') ?? [];
  return grant === undefined ? undefined : { grant, generation: Number(generation) };
};
