import type { IncomingMessage } from 'node:http';
import { isIP } from 'node:net';
import { USER_AGENT_MAX_CHARACTERS } from '../log-event.ts';
import type { Caller } from '../log-event.ts';
import type { Connection } from './connection.ts';

/**
 * Who sent a request: the same object while the requests of a connection carry the same headers, as they usually do. With
 * `forwardedHops` of the operator's proxies in front, the address is the one that called the outermost of them.
 */
export const callerOf = (
  connection: Connection,
  { socket, headers }: IncomingMessage,
  forwardedHops: number,
): Caller => {
  const userAgent = (headers['user-agent'] ?? '').trim().slice(0, USER_AGENT_MAX_CHARACTERS);
  const forwardedFor = forwardedHops === 0 ? undefined : headers['x-forwarded-for'];
  if (connection.caller?.userAgent !== userAgent || connection.forwardedFor !== forwardedFor) {
    connection.forwardedFor = forwardedFor;
    const address = readForwarded(forwardedFor, forwardedHops) ?? socket.remoteAddress ?? '';
    connection.caller = { address, userAgent };
  }
  return connection.caller;
};

/** Some proxies add the port, and then write an IPv6 address in brackets. */
const ENTRY = /^(?:\[(?<bracketed>[^\]]+)\]|(?<plain>[^:]+))(?::\d{1,5})?$/;

/**
 * The address in the `hops`-th entry from the right of `X-Forwarded-For`; entries further left may be forged.
 * `undefined` where there are fewer entries, or where the entry is not an address.
 */
export const readForwarded = (
  header: string | readonly string[] | undefined,
  hops: number,
): string | undefined => {
  if (header === undefined || hops === 0) return undefined;
  const entry = String(header).split(',').at(-hops)?.trim() ?? '';
  if (isIP(entry) !== 0) return entry;
  const { bracketed, plain = bracketed } = ENTRY.exec(entry)?.groups ?? {};
  return plain !== undefined && isIP(plain) !== 0 ? plain : undefined;
};
