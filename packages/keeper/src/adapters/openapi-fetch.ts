import type { ClientOptions } from 'openapi-fetch';
import type { Keeper } from '../keeper.ts';
import { isRepeatable, noteRepeatable } from './repeatable-body.ts';

/**
 * Options that give a client of openapi-fetch the access token of a connection:
 * `createClient<paths>({ baseUrl, ...openapiFetchOptions(keeper, 'vin:…') })`. Its middlewares stay yours.
 */
export const openapiFetchOptions = (
  keeper: Pick<Keeper, 'fetch'>,
  name: string,
): Required<Pick<ClientOptions, 'fetch' | 'Request'>> => ({
  fetch: keeper.fetch(name),
  Request: NotingRequest,
});

/** A request does not say whether its body is a stream. Where it is made, that can be seen. */
class NotingRequest extends Request {
  constructor(input: string | URL | Request, init?: RequestInit) {
    super(input, init);
    if (isRepeatable(input, init)) noteRepeatable(this);
  }
}
