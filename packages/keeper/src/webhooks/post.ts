import { lookup as systemLookup } from 'node:dns';
import type { LookupAddress, LookupOptions } from 'node:dns';
import { request as requestHttp } from 'node:http';
import type { IncomingMessage } from 'node:http';
import { request as requestHttps } from 'node:https';
import { isIP } from 'node:net';
import type { LookupFunction } from 'node:net';
import type { Millis } from '../time.ts';
import { isLoopbackName } from './endpoint.ts';

/** How an attempt ended: an answer, or why there is none. */
export type Posted =
  | { readonly status: number; readonly error?: undefined }
  | { readonly status: undefined; readonly error: string };

/** Posts once. Never rejects. `signal` ends the attempt. */
export type Post = (
  message: {
    readonly url: string;
    readonly headers: Readonly<Record<string, string>>;
    readonly body: string;
  },
  signal: AbortSignal,
) => Promise<Posted>;

/** Finds the addresses of a name, all of them. */
type Lookup = (
  name: string,
  options: LookupOptions & { readonly all: true },
  callback: (error: NodeJS.ErrnoException | null, addresses: LookupAddress[]) => void,
) => void;

/** From the start to the status of the answer. */
export const ATTEMPT_MS: Millis = 15_000;
const DENIED = 'the address is private; webhookAllowedRanges can allow its range';

/**
 * Posts on a connection of its own, to an address that is checked as it is connected to, so a name that resolves to
 * something else a moment later (DNS rebinding) leads nowhere. Redirects are not followed, and no body is read: only the
 * status counts.
 */
export const createPost = (
  isAllowed: (address: string) => boolean,
  {
    attemptMs = ATTEMPT_MS,
    lookup = systemLookup,
  }: { readonly attemptMs?: Millis; readonly lookup?: Lookup } = {},
): Post => {
  const guardedLookup: LookupFunction = (name, options, callback) =>
    lookup(name, { ...options, all: true }, (error, found) => {
      if (error !== null) return callback(error, '');
      const allowed = found.filter(({ address }) => isAllowed(address));
      const [first] = allowed;
      if (first === undefined) return callback(new Error(DENIED), '');
      return options.all === true ? callback(null, allowed) : callback(null, first.address, first.family);
    });
  return async ({ url, headers, body }, signal) => {
    const timeout = AbortSignal.timeout(attemptMs);
    const { protocol, hostname } = new URL(url);
    const isLoopback = isLoopbackName(hostname);
    const address = hostname.replace(/^\[(.*)\]$/, '$1');
    // An address is connected to without a look-up.
    if (isIP(address) !== 0 && !isLoopback && !isAllowed(address))
      return { status: undefined, error: DENIED };
    try {
      const response = await new Promise<IncomingMessage>((resolve, reject) => {
        const request = protocol === 'https:' ? requestHttps : requestHttp;
        const either = AbortSignal.any([signal, timeout]);
        const options = { headers, method: 'POST', agent: false, signal: either } as const;
        request(url, isLoopback ? options : { ...options, lookup: guardedLookup }, resolve)
          .on('error', reject)
          .end(body);
      });
      response.on('error', () => undefined).destroy();
      return { status: response.statusCode ?? 0 };
    } catch (error) {
      if (signal.aborted) return { status: undefined, error: 'this node stopped' };
      if (timeout.aborted) return { status: undefined, error: `no answer in ${attemptMs / 1000} s` };
      return { status: undefined, error: describe(error) };
    }
  };
};

/** The system's code of a failed connection, without the address, which may be private. */
const describe = (error: unknown): string => {
  if (error instanceof Error && 'code' in error && typeof error.code === 'string') return error.code;
  return error instanceof Error && error.message === DENIED ? DENIED : 'failed';
};
