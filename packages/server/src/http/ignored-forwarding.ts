import type { Caller, Emit } from '../log-event.ts';
import type { WireRequest } from '../wire/exchange.ts';

const HEADERS = ['x-forwarded-for', 'forwarded'] as const;

/** Looks at the headers of a request. */
export type ForwardingWatch = (headers: WireRequest['headers'], caller: Caller) => void;

/**
 * Reports, once, that a proxy names its callers while no proxy is trusted: then all callers share the address of the proxy,
 * and with it every limit per address. One for all ways in which requests arrive.
 */
export const createForwardingWatch = (emit: Emit, forwardedHops: number): ForwardingWatch => {
  let isWatching = forwardedHops === 0;
  return (headers, caller) => {
    if (!isWatching) return;
    const header = HEADERS.find((name) => headers[name] !== undefined);
    if (header === undefined) return;
    isWatching = false;
    emit({ event: 'forwarding.ignored', header, caller });
  };
};
