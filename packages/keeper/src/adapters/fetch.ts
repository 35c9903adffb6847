import type { Authorizer } from './authorizer.ts';
import { isRepeatable } from './repeatable-body.ts';

/**
 * `fetch` with the access token of one connection. An answer that refuses the token leads to another token, and one more
 * request, if the body can be sent twice. Never more.
 */
export const createFetch =
  (authorizer: Authorizer, send: typeof globalThis.fetch): typeof globalThis.fetch =>
  async (input, init) => {
    const first = new Request(input, init);
    const { signal } = first;
    const again = isRepeatable(input, init) ? first.clone() : undefined;
    const sent = await authorizer.authorize(signal);
    const response = await send(withAuthorization(first, sent));
    if (again === undefined) return response;
    const answer = { status: response.status, json: () => response.clone().json() };
    const next = await authorizer.onRejected(sent, answer, signal);
    if (next === undefined) return response;
    await response.body?.cancel();
    return send(withAuthorization(again, next));
  };

const withAuthorization = (request: Request, value: string): Request => {
  request.headers.set('authorization', value);
  return request;
};
