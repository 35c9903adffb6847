import type { Exchange, Transport } from '@keyfob/keeper';
import type { Prng } from '../../support/prng.ts';
import type { Checker } from './checker.ts';
import type { Plan, Trouble } from './plan.ts';
import type { VirtualProcess } from './process.ts';
import type { Token, VirtualProvider } from './virtual-provider.ts';
import type { VirtualTime } from './virtual-time.ts';

/** What lies between the processes and the provider. */
export type Network = {
  transportOf(process: VirtualProcess): Transport;
  /** The provider refuses the client until then. */
  refuseClientFor(ms: number): void;
};

type Parts = {
  readonly time: VirtualTime;
  readonly prng: Prng;
  readonly plan: Plan;
  readonly provider: VirtualProvider;
  readonly checker: Checker;
  readonly isTroubled: () => boolean;
  /** Called at moments at which a process had better not die. */
  readonly strike: (process: VirtualProcess, car: string) => void;
};

export const ACCESS_SECONDS = 120;
export const EXCHANGE_SECONDS = 60;
/** A request that is on its way when its connection is closed may still arrive; so much later at most, with an overlap. */
const LATE_MS = 5000;

const answered = (status: number, body: string, headers: Record<string, string> = {}): Exchange => ({
  kind: 'answered',
  status,
  headers,
  body,
});

const bodyOf = ({ text }: Token): string =>
  JSON.stringify({ access_token: `access-${text}`, refresh_token: text, expires_in: ACCESS_SECONDS });

/** A network that loses, delays and cuts, and delivers what was sent on a connection that is closed by then. */
export const createNetwork = (parts: Parts): Network => {
  const { time, prng, plan, provider, checker } = parts;
  let isClientRefusedUntilMs = 0;
  const goesWrong = (trouble: Trouble, probability: number): boolean =>
    parts.isTroubled() && plan.troubles.has(trouble) && prng.chance(probability);
  const isOnce = plan.kind === 'once' || plan.kind === 'once_punishing';

  const useToken = (token: Token, sentMs: number): Token | undefined => {
    const saved = provider
      .living(token.family)
      .find(({ safeSinceMs = Infinity, parent }) => safeSinceMs < sentMs && parent === token);
    const next = provider.use(token);
    if (token.family.isDead && saved !== undefined) checker.deaths.punished(token.family, saved);
    return next;
  };

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
    const later = (ms: number, work: () => void): void => void time.at(ms, work);
    /** At the client, if its connection is still open. */
    const atClient = (work: () => void): void =>
      process.run(() => {
        if (closedMs === undefined) work();
      });

    const sendNow = async (): Promise<void> => {
      if (goesWrong('lost_requests', 0.04)) {
        checker.sends.tried(text);
        return close({ kind: 'not_sent', why: 'ECONNREFUSED' });
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
      time.at(deadlineAtMs - time.nowMs(), () => atClient(() => end({ kind: 'unanswered', why: 'timeout' })));
      const reset = (): void =>
        later(prng.between(1, 100), () => atClient(() => end({ kind: 'unanswered', why: 'ECONNRESET' })));
      if (goesWrong('lost_requests', 0.04)) return prng.chance(0.5) ? reset() : undefined;
      if (goesWrong('gateway_errors', 0.03)) return later(60, () => atClient(() => end(answered(503, ''))));
      if (goesWrong('rate_limits', 0.004)) {
        checker.ledger.upset();
        return later(60, () => atClient(() => end(answered(429, '', { 'retry-after': '5' }))));
      }
      parts.strike(process, provider.find(text)?.family.car ?? '');
      const travelMs = goesWrong('late_requests', 0.05) ? prng.between(2000, 58_000) : prng.between(1, 120);
      const sentMs = time.nowMs();
      later(travelMs, () => {
        if (closedMs !== undefined) {
          // What is sent may arrive although nobody waits any more.
          const isInTime = isOnce
            ? time.nowMs() < sentMs + EXCHANGE_SECONDS * 1000
            : time.nowMs() < closedMs + LATE_MS;
          if (!isInTime || !plan.troubles.has('late_requests')) return;
        }
        arrive(sentMs, end, reset);
      });
    };

    const arrive = (sentMs: number, end: (exchange: Exchange) => void, reset: () => void): void => {
      if (time.nowMs() < isClientRefusedUntilMs)
        return later(40, () => atClient(() => end(answered(401, '{"error":"invalid_client"}'))));
      const token = provider.find(text);
      const next = token === undefined ? undefined : useToken(token, sentMs);
      const thinkMs = goesWrong('slow_answers', 0.05) ? prng.between(5000, 45_000) : prng.between(1, 120);
      if (next === undefined)
        return later(thinkMs, () => atClient(() => end(answered(400, '{"error":"invalid_grant"}'))));
      if (goesWrong('lost_answers', 0.1)) return prng.chance(0.5) ? reset() : undefined;
      if (goesWrong('gateway_errors', 0.02))
        return later(thinkMs, () => atClient(() => end(answered(504, ''))));
      later(thinkMs, () => atClient(() => deliver(next, end)));
    };

    const deliver = (next: Token, end: (exchange: Exchange) => void): void => {
      const body = bodyOf(next);
      if (goesWrong('half_answers', 0.03)) {
        const part = body.slice(0, prng.between(1, body.length - 1));
        if (part.includes(`"${next.text}"`)) checker.deaths.delivered(process, next);
        return end({ kind: 'unanswered', why: 'cut_off', status: 200, partOfBody: part });
      }
      checker.deaths.delivered(process, next);
      end(answered(200, body));
    };

    later(prng.between(1, 80), () => atClient(() => void sendNow()));
  };

  return {
    refuseClientFor(ms) {
      isClientRefusedUntilMs = time.nowMs() + ms;
    },
    transportOf:
      (process) =>
      ({ body }, options) =>
        new Promise((resolve) => {
          open(process, new URLSearchParams(body).get('refresh_token') ?? '', options, resolve);
        }),
  };
};
