import { lookup as systemLookup } from 'node:dns';
import type { LookupAddress, LookupOptions } from 'node:dns';
import { request as requestHttp } from 'node:http';
import type { IncomingMessage } from 'node:http';
import { request as requestHttps } from 'node:https';
import { isIP } from 'node:net';
import type { LookupFunction } from 'node:net';
import { createAddressRule, parseRanges } from './address-ranges.ts';

/** A request to a URL that someone else chose. */
export type EgressRequest = {
  /** http or https. */
  readonly url: string;
  readonly method: 'GET' | 'POST';
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string | undefined;
  /** Of the answer's body, the beginning of at most this length is read. */
  readonly bodyMaxBytes: number;
  /** Aborts the request, and ends the reading of its answer. */
  readonly signal: AbortSignal;
};

export type EgressAnswer = {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  readonly body: Buffer;
  /** Whether the body ended within its limit. */
  readonly isComplete: boolean;
};

/** Sends requests to URLs that others chose, and never to an address inside the operator's network. */
export type Egress = {
  /** Whether the URL names an address that is denied. The addresses of a name are checked when it is connected to. */
  isDenied(url: string): boolean;
  /**
   * Sends a request once. Redirects are not followed. Every request opens a connection of its own to an address that was
   * checked, so a name that resolves to something else a moment later (DNS rebinding) leads nowhere. Rejects with
   * `AddressDenied` where no address is allowed, and with the error of the system where there is no answer.
   */
  send(request: EgressRequest): Promise<EgressAnswer>;
};

/** No address of the URL's host may be connected to. The message does not say which there are: they may be private. */
export class AddressDenied extends Error {
  constructor() {
    super('the address is private; KEYFOB_EGRESS_ALLOWED_RANGES can allow its range');
    this.name = 'AddressDenied';
  }
}

/** Finds the addresses of a name, all of them. */
type Lookup = (
  name: string,
  options: LookupOptions & { readonly all: true },
  callback: (error: NodeJS.ErrnoException | null, addresses: LookupAddress[]) => void,
) => void;

/**
 * Creates the one way out to URLs that others chose. `allowedRanges`: private ranges that may be reached too,
 * separated by commas (`parseRanges`).
 */
export const createEgress = (
  allowedRanges: string | undefined,
  { lookup = systemLookup }: { readonly lookup?: Lookup } = {},
): Egress => {
  const isAllowed = createAddressRule(parseRanges(allowedRanges ?? '') ?? []);
  const guardedLookup: LookupFunction = (name, options, callback) =>
    lookup(name, { ...options, all: true }, (error, found) => {
      if (error !== null) return callback(error, '');
      const allowed = found.filter(({ address }) => isAllowed(address));
      const [first] = allowed;
      if (first === undefined) return callback(new AddressDenied(), '');
      return options.all === true ? callback(null, allowed) : callback(null, first.address, first.family);
    });
  const isDenied = (url: string): boolean => {
    const host = hostOf(url);
    const address = isLocalName(host) ? '127.0.0.1' : host;
    return isIP(address) !== 0 && !isAllowed(address);
  };
  return {
    isDenied,
    async send({ url, method, headers, body, bodyMaxBytes, signal }) {
      // An address is connected to without a look-up.
      if (isDenied(url)) throw new AddressDenied();
      const request = new URL(url).protocol === 'https:' ? requestHttps : requestHttp;
      const response = await new Promise<IncomingMessage>((resolve, reject) => {
        request(url, { method, headers, signal, agent: false, lookup: guardedLookup }, resolve)
          .on('error', reject)
          .end(body);
      });
      const { statusCode: status = 0, headers: answered } = response;
      return { status, headers: answered, ...(await readBeginning(response, bodyMaxBytes)) };
    },
  };
};

/** The host of a URL, an IPv6 address without its brackets. Odd spellings such as `0x7f.1` are already IPv4 addresses. */
const hostOf = (url: string): string => new URL(url).hostname.replace(/^\[(.*)\]$/, '$1');

/** RFC 6761 §6.3. */
const isLocalName = (host: string): boolean => /(?:^|\.)localhost\.?$/.test(host);

/** The part of a body that arrived, up to a limit. The rest is dropped with the connection. */
const readBeginning = async (
  response: IncomingMessage,
  maxBytes: number,
): Promise<Pick<EgressAnswer, 'body' | 'isComplete'>> => {
  const chunks: Buffer[] = [];
  let bytes = 0;
  let isComplete = false;
  try {
    for await (const chunk of response as AsyncIterable<Buffer>) {
      chunks.push(chunk);
      bytes += chunk.length;
      if (bytes > maxBytes) break;
    }
    isComplete = bytes <= maxBytes;
  } catch {
    // The part that arrived is used.
  }
  return { body: Buffer.concat(chunks).subarray(0, maxBytes), isComplete };
};
