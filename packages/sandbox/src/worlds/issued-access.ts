import type { Seconds } from '@keyfob/server/grants';
import type { GrantId } from '@keyfob/server/tokens';

/** An access token that was issued. The server stores none, so the world remembers when each ends. */
export type IssuedToken = {
  readonly grantId: GrantId;
  readonly issuedAt: Seconds;
  readonly expiresAt: Seconds;
};

export type IssuedAccess = {
  note(token: IssuedToken): void;
  /** Those that expire after one moment and until another, by the server's clock. */
  expiringWithin(after: Seconds, until: Seconds): readonly IssuedToken[];
  /** From now on, the access tokens of a grant that were issued until then count as expired. */
  expire(id: GrantId, until: Seconds): void;
  isExpired(id: GrantId, issuedAt: Seconds): boolean;
  /** Whether any was made to expire. */
  hasExpired(): boolean;
};

/** The oldest is forgotten first: then its expiry is missing in the list of what happened. */
const TOKENS_MAX = 10_000;

export const createIssuedAccess = (): IssuedAccess => {
  const tokens = new Map<string, IssuedToken>();
  const expired = new Map<GrantId, Seconds>();
  return {
    note(token) {
      tokens.set(`${token.grantId} ${token.issuedAt}`, token);
      const [oldest] = tokens.keys();
      if (tokens.size > TOKENS_MAX && oldest !== undefined) tokens.delete(oldest);
    },
    expiringWithin: (after, until) =>
      [...tokens.values()].filter(({ expiresAt }) => expiresAt > after && expiresAt <= until),
    expire: (id, until) => void expired.set(id, until),
    isExpired: (id, issuedAt) => issuedAt <= (expired.get(id) ?? -1),
    hasExpired: () => expired.size > 0,
  };
};
