import type { WireRequest, WireResponse } from '../wire/exchange.ts';
import { renderBug } from './failures.ts';
import { BODY_ALREADY_READ } from './host-request.ts';
import { DISCARD_MAX_BYTES } from './request-body.ts';
import type { HandlerContext } from './request-handler.ts';
import { callerOfValues, respondWithin } from './value-handler.ts';
import type { RequestOrigin } from './value-handler.ts';

/** Answers a request of the Fetch standard. Never rejects. */
export type FetchHandler = (request: Request, about?: RequestOrigin) => Promise<Response>;

export const createFetchHandler = (context: HandlerContext): FetchHandler => {
  const { limits, emit } = context;
  const respond = async (
    request: Request,
    { address = '', requestId }: RequestOrigin,
  ): Promise<WireResponse> => {
    const { method } = request;
    const { pathname: path, search } = new URL(request.url);
    const headers = Object.fromEntries(request.headers) as WireRequest['headers'];
    const caller = callerOfValues(context, headers, address);
    if (request.bodyUsed) return BODY_ALREADY_READ;
    return respondWithin(context, { method, path, query: search.slice(1), headers }, caller, {
      readBody: () => readWebBody(request, limits.bodyMaxBytes),
      requestId,
      address,
    });
  };

  return async (request, about) => {
    try {
      // Hosts without types pass null.
      return toResponse(request, await respond(request, about ?? {}));
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
