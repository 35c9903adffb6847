import type { VirtualTime } from './virtual-time.ts';

/** How a provider of the simulation treats a used token. */
export type ProviderKind = 'same_pair' | 'new_pair' | 'last_pair' | 'once' | 'once_punishing' | 'until_used';

type Rules = {
  /** A used token is answered again for so long after its first use. */
  readonly overlapMs: number;
  /** `same`: with the same successor. `another`: with one more. `last`: with one more, and the one before ends. */
  readonly repeat: 'same' | 'another' | 'last';
  /** A used token outside of the overlap ends the grant. */
  readonly punishes: boolean;
  readonly isUntilUsed: boolean;
};

const OVERLAP_MS = 60_000;
const once = { overlapMs: 0, repeat: 'same', punishes: false, isUntilUsed: false } as const;

/** The rules of each kind. */
export const RULES: Readonly<Record<ProviderKind, Rules>> = {
  same_pair: { ...once, overlapMs: OVERLAP_MS, punishes: true },
  new_pair: { ...once, overlapMs: OVERLAP_MS, repeat: 'another', punishes: true },
  last_pair: { ...once, overlapMs: OVERLAP_MS, repeat: 'last', punishes: true },
  once,
  once_punishing: { ...once, punishes: true },
  until_used: { ...once, isUntilUsed: true },
};

/** What an owner allowed: all tokens that follow from one consent. */
export type Family = {
  readonly car: string;
  isDead: boolean;
  /** Why it is no fault of a keeper that it ended. */
  excuse: string | undefined;
};

/** A refresh token, and what the simulation knows about it and the keepers do not. */
export type Token = {
  readonly text: string;
  readonly family: Family;
  usedMs: number | undefined;
  isEnded: boolean;
  child: Token | undefined;
  readonly parent: Token | undefined;
  /** Since when a keeper has it: it reached a process, which then had the chance to store it. */
  safeSinceMs: number | undefined;
};

/** A provider in virtual time. Shares no code with the keeper. */
export type VirtualProvider = {
  consent(car: string): Token;
  find(text: string): Token | undefined;
  /** Exchanges a token; `undefined` where it is refused. */
  use(token: Token): Token | undefined;
  /** The unused tokens of a family that are accepted now. */
  living(family: Family): readonly Token[];
  /** Whether a token is accepted now: unused, or used and still repeated. */
  isAccepted(token: Token): boolean;
};

export const createVirtualProvider = (kind: ProviderKind, time: VirtualTime): VirtualProvider => {
  const { overlapMs, repeat, punishes, isUntilUsed } = RULES[kind];
  const tokens = new Map<string, Token>();
  const byFamily = new Map<Family, Token[]>();
  let made = 0;
  const issue = (family: Family, parent?: Token): Token => {
    const text = `token-${++made}`;
    const token: Token = {
      text,
      family,
      usedMs: undefined,
      isEnded: false,
      child: undefined,
      parent,
      safeSinceMs: undefined,
    };
    tokens.set(text, token);
    byFamily.set(family, [...(byFamily.get(family) ?? []).slice(-20), token]);
    return token;
  };
  const mayRepeat = ({ usedMs = 0, child }: Token): boolean =>
    isUntilUsed ? child?.usedMs === undefined : time.nowMs() - usedMs < overlapMs;
  const isAccepted = (token: Token): boolean =>
    !token.family.isDead && !token.isEnded && (token.usedMs === undefined || mayRepeat(token));
  return {
    isAccepted,
    find: (text) => tokens.get(text),
    consent(car) {
      const token = issue({ car, isDead: false, excuse: undefined });
      token.safeSinceMs = time.nowMs();
      return token;
    },
    use(token) {
      const { family } = token;
      if (!isAccepted(token)) {
        if (token.usedMs !== undefined && punishes) family.isDead = true;
        return undefined;
      }
      const isRepeat = token.usedMs !== undefined;
      token.usedMs ??= time.nowMs();
      if (isRepeat && repeat === 'last' && token.child !== undefined) token.child.isEnded = true;
      if (!isRepeat || repeat !== 'same' || token.child === undefined) token.child = issue(family, token);
      return token.child;
    },
    living: (family) =>
      (byFamily.get(family) ?? []).filter(
        (token) => !family.isDead && !token.isEnded && token.usedMs === undefined,
      ),
  };
};
