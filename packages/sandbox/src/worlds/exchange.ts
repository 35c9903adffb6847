import { AsyncLocalStorage } from 'node:async_hooks';
import type { LogEvent } from '@keyfob/server';
import type { Verdict } from '@keyfob/server/grants';
import type { GrantId } from '@keyfob/server/tokens';

/** What the server did with one request, noted while it does it. */
export type Exchange = {
  readonly requestId: string;
  /** Whether the request ends where its transaction would begin, as if the process had died there. */
  readonly endsBeforeCommit: boolean;
  /** Whether it has ended there. */
  hasEnded: boolean;
  /** Whether the store has something new because of it. */
  hasCommitted: boolean;
  /** Whether a code was exchanged for a grant. */
  hasRedeemed: boolean;
  verdict: Verdict | undefined;
  /** The grant that the request was about, and the generation of its refresh token afterwards. */
  grant: { readonly id: GrantId; readonly generation: number } | undefined;
  /** Why it was refused: the private reason, which the wire does not show. */
  reason: string | undefined;
  /** Called as soon as it has committed. */
  readonly onCommit: () => void;
};

/** Thrown where a request ends before its commit. It never leaves the sandbox. */
export class EndedBeforeCommit extends Error {
  constructor() {
    super('a fault ended this request before its commit');
    this.name = 'EndedBeforeCommit';
  }
}

/** The exchanges that are open. A request is found by its id, or, where a verb of the store has none, by its async context. */
export type Exchanges = {
  run<Result>(exchange: Exchange, work: () => Promise<Result>): Promise<Result>;
  find(requestId?: string): Exchange | undefined;
  /** Notes what a log event says of its request. */
  note(event: LogEvent): void;
};

export const createExchanges = (): Exchanges => {
  const open = new Map<string, Exchange>();
  const context = new AsyncLocalStorage<Exchange>();
  const find = (requestId?: string): Exchange | undefined =>
    (requestId === undefined ? undefined : open.get(requestId)) ?? context.getStore();
  return {
    async run(exchange, work) {
      open.set(exchange.requestId, exchange);
      try {
        return await context.run(exchange, work);
      } finally {
        open.delete(exchange.requestId);
      }
    },
    find,
    note(event) {
      if (!('requestId' in event) || !('reason' in event) || event.requestId === undefined) return;
      const exchange = open.get(event.requestId);
      if (exchange !== undefined) exchange.reason = event.reason;
    },
  };
};
