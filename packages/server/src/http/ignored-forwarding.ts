import type { Caller, Emit } from '../log-event.ts';
import type { WireRequest } from '../wire/exchange.ts';

const HEADERS = ['x-forwarded-for', 'forwarded'] as const;

/**
 * Reports, once, that a proxy names its callers while no proxy is trusted: then all callers share the address of the proxy,
 * and with it every limit per address.
 */
export const createForwardingWatch = (emit: Emit, forwardedHops: number) => {
  let isWatching = forwardedHops === 0;
  return (headers: WireRequest['headers'], caller: Caller): void => {
    if (!isWatching) return;
    const header = HEADERS.find((name) => headers[name] !== undefined);
    if (header === undefined) return;
    isWatching = false;
    emit({ event: 'forwarding.ignored', header, caller });
  };
};
