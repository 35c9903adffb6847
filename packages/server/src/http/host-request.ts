import type { IncomingMessage } from 'node:http';
import type { WireRequest, WireResponse } from '../wire/exchange.ts';

/** Answers a request whose body another part of the host application has read, so that nobody waits for it. */
export const BODY_ALREADY_READ: WireResponse = {
  status: 500,
  headers: { 'Content-Type': 'text/plain; charset=utf-8', 'Cache-Control': 'no-store' },
  body:
    'The host application read the request body before Keyfob could. ' +
    'Mount Keyfob before body parsers such as express.json() and express.urlencoded().\n',
};

/**
 * The headers as our own listener has them: a header that was sent twice is joined, and nothing is dropped. Reads the raw
 * headers, because HTTP/2 and injected requests have no `headersDistinct`.
 */
export const joinedHeaders = ({ rawHeaders }: IncomingMessage): WireRequest['headers'] => {
  const headers: Record<string, string> = Object.create(null);
  for (let index = 0; index + 1 < rawHeaders.length; index += 2) {
    const name = rawHeaders[index]?.toLowerCase() ?? '';
    const value = rawHeaders[index + 1] ?? '';
    const earlier = headers[name];
    headers[name] = earlier === undefined ? value : `${earlier}${name === 'cookie' ? '; ' : ', '}${value}`;
  }
  // HTTP/2 names the host in a pseudo-header (RFC 9113 §8.3.1).
  const { ':authority': authority, ...rest } = headers;
  return authority === undefined ? headers : { ...rest, host: authority };
};

/** Whether the target and the headers of a request take more bytes than this. */
export const hasLargeHead = ({ url = '', rawHeaders }: IncomingMessage, maxBytes: number): boolean => {
  let bytes = url.length;
  for (const text of rawHeaders) bytes += text.length + SEPARATOR_BYTES;
  return bytes > maxBytes;
};

/** ": " after a name, CR LF after a value. */
const SEPARATOR_BYTES = 2;
