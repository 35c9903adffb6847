import type { IncomingMessage } from 'node:http';
import { isIP } from 'node:net';
import type { Caller } from '../log-event.ts';
import type { Connection } from './connection.ts';

export const USER_AGENT_MAX_CHARACTERS = 200;

/**
 * Who sent a request: the same object as long as a connection's requests say the same, as they do. With `forwardedHops`
 * proxies of ours in front, the address is the one that the outermost of them was called from.
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

/** Some proxies add the port, and an IPv6 address then stands in brackets. */
const ENTRY = /^(?:\[(?<bracketed>[^\]]+)\]|(?<plain>[^:]+))(?::\d{1,5})?$/;

/**
 * The address in the `hops`-th entry from the right of `X-Forwarded-For`; what stands to the left of it anybody may have
 * written. `undefined` where there are not so many entries, or that one is no address.
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
