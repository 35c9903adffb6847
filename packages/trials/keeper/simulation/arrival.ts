import type { Exchange } from '@keyfob/keeper';
import { answered, firewallPage, halfUsableText, pairText } from './answers.ts';
import { strikesOf } from './network-troubles.ts';
import type { NetworkParts } from './network-troubles.ts';
import type { VirtualProcess } from './process.ts';
import type { Token } from './virtual-provider.ts';

/** A request that has reached the provider. */
type Arrival = {
  readonly process: VirtualProcess;
  readonly text: string;
  readonly sentMs: number;
  readonly isClientRefused: boolean;
};

/** The way back to the client, as long as its connection is open. */
type WayBack = {
  end(exchange: Exchange): void;
  /** The connection is cut. */
  reset(): void;
  answerIn(ms: number, exchange: () => Exchange): void;
};

/** A request arrives at the provider, which uses the token. The answer may be lost, cut, or replaced on its way back. */
export const arriveAt = (parts: NetworkParts, arrival: Arrival, way: WayBack): void => {
  const { prng, plan, provider, checker } = parts;
  const { goesWrong, laterGoesWrong } = strikesOf(parts);
  if (arrival.isClientRefused) return way.answerIn(40, () => answered(401, '{"error":"invalid_client"}'));
  const token = provider.find(arrival.text);
  const next = token === undefined ? undefined : useToken(parts, token, arrival.sentMs);
  const thinkMs = goesWrong('slow_answers', 0.05) ? prng.between(5000, 45_000) : prng.between(1, 120);
  if (next === undefined) return way.answerIn(thinkMs, () => answered(400, '{"error":"invalid_grant"}'));
  if (goesWrong('lost_answers', 0.1)) return prng.chance(0.5) ? way.reset() : undefined;
  if (goesWrong('gateway_errors', 0.02)) return way.answerIn(thinkMs, () => answered(504, ''));
  if (laterGoesWrong('firewalls', 0.02)) return way.answerIn(thinkMs, () => firewallPage(plan.weather));
  if (laterGoesWrong('patience', 0.03)) {
    const pauseSeconds = plan.weather.pick([1, 20, 120]);
    // A pause of the client leaves one repeat inside an overlap.
    checker.ledger.upset(thinkMs + pauseSeconds * 1000);
    return way.answerIn(thinkMs, () => answered(503, '', { 'retry-after': String(pauseSeconds) }));
  }
  way.answerIn(thinkMs, () => deliver(parts, arrival.process, next));
};

const useToken = ({ provider, checker }: NetworkParts, token: Token, sentMs: number): Token | undefined => {
  const saved = provider
    .living(token.family)
    .find(({ safeSinceMs = Infinity, parent }) => safeSinceMs < sentMs && parent === token);
  const next = provider.use(token);
  if (token.family.isDead && saved !== undefined) checker.deaths.punished(token.family, saved);
  return next;
};

/** The answer as it reaches the client. */
const deliver = (parts: NetworkParts, process: VirtualProcess, next: Token): Exchange => {
  const { prng, plan, checker } = parts;
  const { goesWrong, laterGoesWrong } = strikesOf(parts);
  const body = laterGoesWrong('refresh_only', 0.1) ? halfUsableText(next, plan.weather) : pairText(next);
  if (goesWrong('half_answers', 0.03)) {
    const part = body.slice(0, prng.between(1, body.length - 1));
    if (part.includes(`"${next.text}"`)) checker.deaths.delivered(process, next);
    return { kind: 'unanswered', why: 'cut_off', status: 200, partOfBody: part };
  }
  checker.deaths.delivered(process, next);
  return answered(200, body);
};
