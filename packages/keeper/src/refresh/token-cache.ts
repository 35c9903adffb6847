import type { Clock, Millis } from '../time.ts';

/** An access token in memory. */
export type Cached = {
  readonly grantId: string;
  readonly accessToken: string;
  readonly expiresAtMs: Millis;
  /** From then on it is refreshed before it is handed out. */
  readonly freshUntilMs: Millis;
};

/** Access tokens by connection, so that most questions cost no look into the store. */
export type TokenCache = {
  /** The token of a connection, if it is fresh by both clocks and was compared with the store lately. */
  get(name: string): Cached | undefined;
  put(name: string, token: Cached): void;
  drop(name: string): void;
  /** When somebody last asked for a grant's token; `undefined` where nobody did lately. */
  askedAt(grantId: string): Millis | undefined;
  noteAsked(grantId: string): void;
  /** The grants that were asked for since the last call. */
  takeAsked(): ReadonlyMap<string, Millis>;
};

/** Other processes may put and close: what is older is compared with the store. */
const TRUSTED_MS = 30_000;
const TOKENS_MAX = 50_000;
const ASKED_MAX = 200_000;

/** An empty cache. It is bounded; what was put first goes first. */
export const createTokenCache = (clock: Clock): TokenCache => {
  const tokens = new Map<string, Cached & { readonly trustedUntilMs: Millis }>();
  let asked = new Map<string, Millis>();
  let askedBefore = new Map<string, Millis>();
  return {
    get(name) {
      const token = tokens.get(name);
      if (token === undefined) return undefined;
      if (token.trustedUntilMs > clock.monotonicMs() && token.freshUntilMs > clock.wallMs()) return token;
      tokens.delete(name);
      return undefined;
    },
    put(name, token) {
      if (tokens.size >= TOKENS_MAX) {
        const [oldest] = tokens.keys();
        if (oldest !== undefined) tokens.delete(oldest);
      }
      tokens.set(name, { ...token, trustedUntilMs: clock.monotonicMs() + TRUSTED_MS });
    },
    drop: (name) => void tokens.delete(name),
    askedAt: (grantId) => asked.get(grantId) ?? askedBefore.get(grantId),
    noteAsked(grantId) {
      // Roughly: the first moment since the last look is enough, and cheap.
      if (asked.size < ASKED_MAX && !asked.has(grantId)) asked.set(grantId, clock.wallMs());
    },
    takeAsked() {
      const taken = asked;
      askedBefore = taken.size > 0 ? taken : askedBefore;
      asked = new Map();
      return taken;
    },
  };
};
