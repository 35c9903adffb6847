import type { Provider } from './providers/provider.ts';
import { textAt } from './providers/text-at.ts';

/** What `createFetch` needs of a keeper. */
export type FetchParts = {
  token(options: { signal?: AbortSignal | undefined; rejected?: string | undefined }): Promise<string>;
  readonly provider: () => Promise<Provider | undefined>;
  readonly fetch: typeof globalThis.fetch;
};

/**
 * `fetch` with the access token of one connection. An answer that refuses the token leads to another token, and one more
 * request, if the body can be sent twice. Never more.
 */
export const createFetch =
  (parts: FetchParts): typeof globalThis.fetch =>
  async (input, init) => {
    const first = new Request(input, init);
    const { signal } = first;
    const again = isRepeatable(input, init) ? first.clone() : undefined;
    const accessToken = await parts.token({ signal });
    const response = await parts.fetch(withToken(first, accessToken));
    if (again === undefined || !(await isRefused(await parts.provider(), response))) return response;
    const next = await parts.token({ signal, rejected: accessToken }).catch(() => accessToken);
    if (next === accessToken) return response;
    await response.body?.cancel();
    return parts.fetch(withToken(again, next));
  };

const withToken = (request: Request, accessToken: string): Request => {
  request.headers.set('authorization', `Bearer ${accessToken}`);
  return request;
};

/** A stream can be read once. */
const isRepeatable = (
  input: Parameters<typeof globalThis.fetch>[0],
  init: RequestInit | undefined,
): boolean => !(input instanceof Request && input.body !== null) && !(init?.body instanceof ReadableStream);

/** Whether an answer refuses the access token: by status 401, or as the provider does it. */
const isRefused = async (provider: Provider | undefined, response: Response): Promise<boolean> => {
  if (response.status === 401) return true;
  const refusal = provider?.accessRefusal;
  if (refusal === undefined || response.status !== refusal.status) return false;
  try {
    const code = textAt(await response.clone().json(), provider?.refusal.code ?? '');
    return code !== undefined && refusal.codes.includes(code);
  } catch {
    return false;
  }
};
