import type { Exchange, Transport } from '@keyfob/keeper';
import { answered, firewallPage } from './answers.ts';
import { arriveAt } from './arrival.ts';
import { strikesOf } from './network-troubles.ts';
import type { NetworkParts } from './network-troubles.ts';
import type { VirtualProcess } from './process.ts';

/** What lies between the processes and the provider. */
export type Network = {
  transportOf(process: VirtualProcess): Transport;
  /** The provider refuses the client until then. */
  refuseClientFor(ms: number): void;
  /** No connection to the provider stands until then. */
  unreachableFor(ms: number): void;
};

export const EXCHANGE_SECONDS = 60;
/** A request that is on its way when its connection is closed may still arrive; so much later at most, with an overlap. */
const LATE_MS = 5000;

/** A network that loses, delays and cuts, and delivers what was sent on a connection that is closed by then. */
export const createNetwork = (parts: NetworkParts): Network => {
  const { time, prng, plan, provider, checker } = parts;
  const { goesWrong, laterGoesWrong } = strikesOf(parts);
  let isClientRefusedUntilMs = 0;
  let unreachable = { sinceMs: 0, untilMs: 0 };
  const isOnce = plan.kind === 'once' || plan.kind === 'once_punishing';

  const open = (
    process: VirtualProcess,
    text: string,
    { deadlineMs, maySend }: { deadlineMs: number; maySend(): boolean | Promise<boolean> },
    resolve: (exchange: Exchange) => void,
  ): void => {
    const deadlineAtMs = time.nowMs() + deadlineMs;
    let closedMs: number | undefined;
    const close = (exchange?: Exchange): void => {
      if (closedMs !== undefined) return;
      closedMs = time.nowMs();
      if (exchange !== undefined) resolve(exchange);
    };
    const refuseConnection = (): void => {
      checker.sends.tried(text);
      close({ kind: 'not_sent', why: 'ECONNREFUSED' });
    };
    const later = (ms: number, work: () => void): void => void time.at(ms, work);
    /** At the client, if its connection is still open. */
    const atClient = (work: () => void): void =>
      process.run(() => {
        if (closedMs === undefined) work();
      });
    const answerIn = (ms: number, end: (exchange: Exchange) => void, exchange: () => Exchange): void =>
      later(ms, () => atClient(() => end(exchange())));

    const sendNow = async (): Promise<void> => {
      if (goesWrong('lost_requests', 0.04)) return refuseConnection();
      if (time.nowMs() < unreachable.untilMs) {
        checker.outages.refused(text, unreachable.sinceMs);
        return refuseConnection();
      }
      const isAllowed = await maySend();
      if (closedMs !== undefined || process.isDead()) return;
      if (!isAllowed) return close({ kind: 'not_sent', why: 'lease_lost' });
      const sent = checker.sends.sent(process, text);
      process.onDeath(() => {
        closedMs ??= time.nowMs();
        sent.close();
      });
      const end = (exchange: Exchange): void => {
        const isOver = exchange.kind === 'answered';
        close(exchange);
        if (isOver) sent.answer();
        else sent.close();
      };
      answerIn(deadlineAtMs - time.nowMs(), end, () => ({ kind: 'unanswered', why: 'timeout' }));
      const reset = (): void =>
        answerIn(prng.between(1, 100), end, () => ({ kind: 'unanswered', why: 'ECONNRESET' }));
      if (goesWrong('lost_requests', 0.04)) return prng.chance(0.5) ? reset() : undefined;
      if (goesWrong('gateway_errors', 0.03)) return answerIn(60, end, () => answered(503, ''));
      if (goesWrong('rate_limits', 0.004)) {
        checker.ledger.upset();
        return answerIn(60, end, () => answered(429, '', { 'retry-after': '5' }));
      }
      if (laterGoesWrong('firewalls', 0.03)) return answerIn(60, end, () => firewallPage(plan.weather));
      parts.strike(process, provider.find(text)?.family.car ?? '');
      const travelMs = goesWrong('late_requests', 0.05) ? prng.between(2000, 58_000) : prng.between(1, 120);
      const sentMs = time.nowMs();
      later(travelMs, () => {
        if (closedMs === undefined || mayStillArrive(sentMs, closedMs))
          arriveAt(
            parts,
            { process, text, sentMs, isClientRefused: time.nowMs() < isClientRefusedUntilMs },
            { end, reset, answerIn: (ms, exchange) => answerIn(ms, end, exchange) },
          );
      });
    };

    later(prng.between(1, 80), () => atClient(() => void sendNow()));
  };

  /** What is sent may arrive although nobody waits any more. */
  const mayStillArrive = (sentMs: number, closedMs: number): boolean => {
    const isInTime = isOnce
      ? time.nowMs() < sentMs + EXCHANGE_SECONDS * 1000
      : time.nowMs() < closedMs + LATE_MS;
    return isInTime && plan.troubles.has('late_requests');
  };

  return {
    refuseClientFor(ms) {
      isClientRefusedUntilMs = time.nowMs() + ms;
    },
    unreachableFor(ms) {
      unreachable = { sinceMs: time.nowMs(), untilMs: time.nowMs() + ms };
    },
    transportOf:
      (process) =>
      ({ body }, options) =>
        new Promise((resolve) => {
          open(process, new URLSearchParams(body).get('refresh_token') ?? '', options, resolve);
        }),
  };
};
