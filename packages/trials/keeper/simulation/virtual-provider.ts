import type { Exchange, Transport } from '@keyfob/keeper';
import type { Prng } from '../../support/prng.ts';
import type { VirtualTime } from './virtual-time.ts';

/** How a provider of the simulation treats a used token. */
export type ProviderKind = 'same_pair' | 'new_pair' | 'once';

/** What the simulation knows and the keeper does not. */
export type Truth = {
  /** The token that works; another one may work inside the overlap. */
  isAlive(token: string): boolean;
  newGrant(): string;
  end(token: string): void;
  /** Every pair that was handed to a living keeper, by its refresh token. */
  readonly delivered: { readonly token: string; readonly to: number }[];
  /** Broken promises, in words. */
  readonly faults: string[];
  /** Answers that no keeper got although the token was used. */
  lostAnswers: number;
  /** Chances of trouble; 0 ends all. */
  trouble: number;
  transportOf(keeper: number, isDead: () => boolean): Transport;
};

type Family = { isDead: boolean };
type Token = { readonly family: Family; usedMs: number | undefined; child: string | undefined };

const OVERLAP_MS = 60_000;

/** A provider in virtual time, with an unreliable network in front. Shares no code with the keeper. */
export const createVirtualProvider = (kind: ProviderKind, time: VirtualTime, prng: Prng): Truth => {
  const tokens = new Map<string, Token>();
  const open = new Map<string, number>();
  let made = 0;
  const issue = (family: Family): string => {
    const text = `token-${++made}`;
    tokens.set(text, { family, usedMs: undefined, child: undefined });
    return text;
  };
  const use = (text: string): string | undefined => {
    const token = tokens.get(text);
    if (token === undefined || token.family.isDead) return undefined;
    const ageMs = token.usedMs === undefined ? -1 : time.nowMs() - token.usedMs;
    if (ageMs >= (kind === 'once' ? 0 : OVERLAP_MS)) {
      token.family.isDead = true;
      return undefined;
    }
    const isRepeat = token.usedMs !== undefined;
    token.usedMs ??= time.nowMs();
    if (!isRepeat || kind === 'new_pair' || token.child === undefined) token.child = issue(token.family);
    return token.child;
  };
  const wait = (ms: number): Promise<void> => new Promise((resolve) => void time.at(ms, resolve));

  const exchange = async (
    text: string,
    keeper: number,
    { deadlineMs, maySend }: { deadlineMs: number; maySend(): boolean },
    isDead: () => boolean,
  ): Promise<Exchange> => {
    const startedMs = time.nowMs();
    const leftMs = (): number => startedMs + deadlineMs - time.nowMs();
    await wait(prng.between(1, 80));
    if (prng.chance(0.03 * truth.trouble)) return { kind: 'not_sent', why: 'ECONNREFUSED' };
    if (isDead() || !maySend()) return { kind: 'not_sent', why: 'lease_lost' };
    if (kind === 'once') {
      if ((open.get(text) ?? 0) > 0) truth.faults.push(`${text} was sent while another send was open`);
      open.set(text, (open.get(text) ?? 0) + 1);
    }
    const finish = (answer: Exchange): Exchange => {
      open.set(text, (open.get(text) ?? 1) - 1);
      return answer;
    };
    const silence = async (isHanging: boolean): Promise<Exchange> => {
      if (isHanging) await wait(Math.max(0, leftMs()));
      return finish({ kind: 'unanswered', why: isHanging ? 'timeout' : 'ECONNRESET' });
    };
    await wait(prng.between(1, 120));
    if (prng.chance(0.04 * truth.trouble)) return silence(prng.chance(0.5));
    if (prng.chance(0.02 * truth.trouble))
      return finish({ kind: 'answered', status: 503, headers: {}, body: '' });
    if (prng.chance(0.02 * truth.trouble))
      return finish({ kind: 'answered', status: 429, headers: { 'retry-after': '5' }, body: '' });
    if (prng.chance(0.05 * truth.trouble)) await wait(prng.between(5000, 45_000));
    // Closing a connection takes back what has not arrived.
    if (leftMs() <= 0) return finish({ kind: 'unanswered', why: 'timeout' });
    const next = use(text);
    if (next === undefined)
      return finish({ kind: 'answered', status: 400, headers: {}, body: '{"error":"invalid_grant"}' });
    if (prng.chance(0.04 * truth.trouble)) {
      truth.lostAnswers += 1;
      return silence(prng.chance(0.5));
    }
    if (prng.chance(0.02 * truth.trouble)) {
      truth.lostAnswers += 1;
      return finish({ kind: 'answered', status: 504, headers: {}, body: '' });
    }
    await wait(prng.between(1, 120));
    if (leftMs() <= 0 || isDead()) truth.lostAnswers += 1;
    if (leftMs() <= 0) return finish({ kind: 'unanswered', why: 'timeout' });
    if (!isDead()) truth.delivered.push({ token: next, to: keeper });
    const body = JSON.stringify({ access_token: `access-${next}`, refresh_token: next, expires_in: 120 });
    return finish({ kind: 'answered', status: 200, headers: {}, body });
  };

  const truth: Truth = {
    isAlive(text) {
      const token = tokens.get(text);
      return token !== undefined && !token.family.isDead && token.usedMs === undefined;
    },
    newGrant: () => issue({ isDead: false }),
    end(text) {
      const token = tokens.get(text);
      if (token !== undefined) token.family.isDead = true;
    },
    delivered: [],
    faults: [],
    lostAnswers: 0,
    trouble: 1,
    transportOf:
      (keeper, isDead) =>
      ({ body }, options) =>
        exchange(new URLSearchParams(body).get('refresh_token') ?? '', keeper, options, isDead),
  };
  return truth;
};
