import type { Millis } from '../time.ts';

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
  /** Some of the grants that were asked for and not taken since. */
  takeAsked(most: number): readonly (readonly [string, Millis])[];
};

/** Other processes may put and close: what is older is compared with the store. */
const TRUSTED_MS = 30_000;
const ASKED_MAX = 200_000;
/** Who asks often is noted once in so long. */
const NOTED_MS = 60_000;

/** What an entry takes besides its texts, roughly. */
const ENTRY_BYTES = 250;

/** Tokens take so much memory at most: about 170 000 short ones, or 50 000 that are signed. */
export const CACHE_MAX_BYTES = 64 * 1024 * 1024;

type Entry = Cached & { readonly trustedUntilMs: Millis; readonly bytes: number };

/** An empty cache. It takes `maxBytes` at most; what was put first goes first. */
export const createTokenCache = (
  clock: { nowMs(): Millis; monotonicMs(): Millis },
  maxBytes = CACHE_MAX_BYTES,
): TokenCache => {
  const tokens = new Map<string, Entry>();
  let bytes = 0;
  const drop = (name: string): void => {
    bytes -= tokens.get(name)?.bytes ?? 0;
    tokens.delete(name);
  };
  const dropOldest = (): void => {
    for (const name of tokens.keys()) {
      if (bytes <= maxBytes) return;
      drop(name);
    }
  };
  const asked = new Map<string, Millis>();
  const noted = new Map<string, Millis>();
  return {
    get(name) {
      const token = tokens.get(name);
      if (token === undefined) return undefined;
      if (token.trustedUntilMs > clock.monotonicMs() && token.freshUntilMs > clock.nowMs()) return token;
      drop(name);
      return undefined;
    },
    put(name, token) {
      drop(name);
      const size = ENTRY_BYTES + name.length + token.grantId.length + token.accessToken.length;
      tokens.set(name, { ...token, bytes: size, trustedUntilMs: clock.monotonicMs() + TRUSTED_MS });
      bytes += size;
      dropOldest();
    },
    drop,
    askedAt: (grantId) => asked.get(grantId) ?? noted.get(grantId),
    noteAsked(grantId) {
      if (asked.has(grantId) || asked.size >= ASKED_MAX) return;
      const nowMs = clock.nowMs();
      const before = noted.get(grantId);
      if (before === undefined || nowMs - before >= NOTED_MS) asked.set(grantId, nowMs);
    },
    takeAsked(most) {
      const taken: (readonly [string, Millis])[] = [];
      for (const one of asked) {
        if (taken.length >= most) break;
        taken.push(one);
      }
      if (noted.size >= ASKED_MAX) noted.clear();
      for (const [grantId, atMs] of taken) {
        asked.delete(grantId);
        noted.set(grantId, atMs);
      }
      return taken;
    },
  };
};
