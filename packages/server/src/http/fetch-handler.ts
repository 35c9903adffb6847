import type { WireRequest, WireResponse } from '../wire/exchange.ts';
import { USER_AGENT_MAX_CHARACTERS, readForwarded } from './caller.ts';
import { renderBug } from './failures.ts';
import { BODY_ALREADY_READ } from './host-request.ts';
import { DISCARD_MAX_BYTES } from './request-body.ts';
import type { HandlerContext } from './request-handler.ts';

/** Answers a request of the Fetch standard. Never rejects. */
export type FetchHandler = (
  request: Request,
  about?: {
    /**
     * Where the request came from. Failed authentication is counted per address, so without it all callers share one
     * limit, unless `forwardedHops` says that `X-Forwarded-For` names the caller.
     */
    readonly address?: string | undefined;
  },
) => Promise<Response>;

export const createFetchHandler = ({
  limits,
  endpoints,
  load,
  mountPath,
  watchForwarding,
  emit,
}: HandlerContext): FetchHandler => {
  const respond = async (request: Request, address: string): Promise<WireResponse> => {
    const { pathname, search } = new URL(request.url);
    const headers = Object.fromEntries(request.headers) as WireRequest['headers'];
    const caller = {
      address: readForwarded(headers['x-forwarded-for'], limits.forwardedHops) ?? address,
      userAgent: (headers['user-agent'] ?? '').trim().slice(0, USER_AGENT_MAX_CHARACTERS),
    };
    watchForwarding(headers, caller);
    if (request.bodyUsed) return BODY_ALREADY_READ;
    const path = mountPath.toRoutePath(pathname);
    if (path === undefined) return endpoints.refuse(pathname, 'path_unknown', caller);
    if (pathname.length + search.length + bytesOf(headers) > limits.headersMaxBytes)
      return endpoints.refuse(path, 'headers_too_large', caller, { method: request.method, headers });
    const body = await readWebBody(request, limits.bodyMaxBytes);
    const { method } = request;
    if (body === 'too_large') return endpoints.refuse(path, 'body_too_large', caller, { method, headers });
    if (body === 'cut_off') return endpoints.refuse(path, 'request_malformed', caller, { method, headers });
    const isWithinLoad = load.begin();
    try {
      if (!isWithinLoad) return endpoints.refuse(path, 'overloaded', caller, { method, headers });
      return await endpoints.respond({ method, path, query: search.slice(1), headers, body }, caller);
    } finally {
      load.end();
    }
  };

  return async (request, about) => {
    try {
      return toResponse(request, await respond(request, about?.address ?? ''));
    } catch (error) {
      return toResponse(request, renderBug(emit, error));
    }
  };
};

const toResponse = (
  { method }: Request,
  { status, headers, body, dropsConnection }: WireResponse,
): Response => {
  if (dropsConnection === true) return Response.error();
  return new Response(method === 'HEAD' || body === '' ? null : body, {
    status,
    headers: { ...headers, 'Content-Length': String(Buffer.byteLength(body)) },
  });
};

/** Reads a whole body. A body over its limit is discarded as it arrives, for at most a MiB more. */
const readWebBody = async (
  { body }: Request,
  maxBytes: number,
): Promise<Buffer | 'too_large' | 'cut_off'> => {
  let chunks: Uint8Array[] = [];
  let bytes = 0;
  try {
    for await (const chunk of body ?? []) {
      bytes += chunk.length;
      if (bytes <= maxBytes) chunks.push(chunk);
      else chunks = [];
      if (bytes > maxBytes + DISCARD_MAX_BYTES) break;
    }
    // Throws if the stream has chunks that are not bytes.
    return bytes > maxBytes ? 'too_large' : Buffer.concat(chunks);
  } catch {
    return 'cut_off';
  }
};

const bytesOf = (headers: WireRequest['headers']): number =>
  Object.entries(headers).reduce((bytes, [name, value = '']) => bytes + name.length + value.length + 4, 0);
