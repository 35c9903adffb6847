import type { RefusalReason } from '../errors.ts';
import { USER_AGENT_MAX_CHARACTERS } from '../log-event.ts';
import type { Caller } from '../log-event.ts';
import type { WireRequest, WireResponse } from '../wire/exchange.ts';
import { readForwarded } from './caller.ts';
import { renderBug } from './failures.ts';
import type { HandlerContext } from './request-handler.ts';

/** What a host knows of a request besides its bytes. */
export type RequestOrigin = {
  /**
   * Where the request came from. Failed authentication is counted per address, so without it all callers share one
   * limit, unless `forwardedHops` says that `X-Forwarded-For` names the caller.
   */
  readonly address?: string | undefined;
  /** The id that the host has for the request: a UUID, which answers and log events then carry. A new one if absent. */
  readonly requestId?: string | undefined;
};

/**
 * Answers a request as a plain value, for a host with neither `node:http` nor Fetch. The path is the whole one, with the
 * base path of the server. Names of headers are in lower case in the request, and in the answer as the vendor writes them.
 * Never rejects.
 */
export type ValueHandler = (request: WireRequest, origin?: RequestOrigin) => Promise<WireResponse>;

export const createValueHandler = (context: HandlerContext): ValueHandler => {
  const { limits, emit } = context;
  return async (request, { address = '', requestId } = {}) => {
    try {
      const caller = callerOfValues(context, request.headers, address);
      const isTooLarge = request.body.length > limits.bodyMaxBytes;
      return await respondWithin(context, request, caller, {
        readBody: () => (isTooLarge ? 'too_large' : request.body),
        requestId,
        address,
      });
    } catch (error) {
      return renderBug(emit, error);
    }
  };
};

/** The caller of a request that comes without a connection; watches for proxies that are not trusted. */
export const callerOfValues = (
  { limits, watchForwarding }: Pick<HandlerContext, 'limits' | 'watchForwarding'>,
  headers: WireRequest['headers'],
  address: string,
): Caller => {
  const caller = {
    address: readForwarded(headers['x-forwarded-for'], limits.forwardedHops) ?? address,
    userAgent: (headers['user-agent'] ?? '').trim().slice(0, USER_AGENT_MAX_CHARACTERS),
  };
  watchForwarding(headers, caller);
  return caller;
};

/** Answers within the limits of the server. The body is read once the head has been accepted. */
export const respondWithin = async (
  { limits, endpoints, load, mountPath, certificates }: HandlerContext,
  { method, path: fullPath, query, headers: sent }: Omit<WireRequest, 'body'>,
  caller: Caller,
  {
    readBody,
    requestId,
    address,
  }: {
    readonly readBody: () => MaybePromise<Buffer | 'too_large' | 'cut_off'>;
    readonly requestId?: string | undefined;
    /** Of the connection, as the host knows it. */
    readonly address?: string | undefined;
  },
): Promise<WireResponse> => {
  const { headers, certificate } = certificates?.ofProxy(address, sent) ?? { headers: sent };
  const path = mountPath.toRoutePath(fullPath);
  if (path === undefined) return endpoints.refuse(fullPath, 'path_unknown', caller);
  const refuse = (reason: RefusalReason): WireResponse =>
    endpoints.refuse(path, reason, caller, { method, headers });
  if (fullPath.length + query.length + bytesOf(headers) > limits.headersMaxBytes)
    return refuse('headers_too_large');
  const body = await readBody();
  if (body === 'too_large') return refuse('body_too_large');
  if (body === 'cut_off') return refuse('request_malformed');
  const isWithinLoad = load.begin();
  try {
    if (!isWithinLoad) return refuse('overloaded');
    const request = { method, path, query, headers, body, certificate };
    return await new Promise((done) => endpoints.answer(request, { caller, requestId }, done));
  } finally {
    load.end();
  }
};

type MaybePromise<Value> = Value | Promise<Value>;

const bytesOf = (headers: WireRequest['headers']): number =>
  Object.entries(headers).reduce((bytes, [name, value = '']) => bytes + name.length + value.length + 4, 0);
