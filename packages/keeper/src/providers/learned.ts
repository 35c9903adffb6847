import type { Lifetimes, Provider } from './provider.ts';

/**
 * What answers have shown. It overrides what the profile says. Every contradiction is reported once, also where a provider
 * changes its mind with every answer.
 */
export type LearnedFacts = {
  readonly accessSeconds?: number | undefined;
  readonly refreshSeconds?: number | undefined;
  /** Whether a refresh gives a new refresh token. */
  readonly rotates?: boolean | undefined;
  /** What a repeat inside the overlap is answered with. */
  readonly repeatGives?: 'same_pair' | 'new_pair' | undefined;
  /** Whether the last answer had an access token that a header can hold. */
  readonly accessToken?: 'usable' | 'unusable' | undefined;
};

/** A contradiction between what was expected and what was seen. */
export type Surprise = {
  readonly fact: keyof LearnedFacts;
  readonly expected: number | boolean | string | null;
  readonly seen: number | boolean | string;
};

/** The lifetimes of a provider, with what was learned. */
export const lifetimesOf = (provider: Provider, learned: LearnedFacts): Lifetimes => ({
  ...provider.lifetimes,
  ...(learned.accessSeconds === undefined ? {} : { accessSeconds: learned.accessSeconds }),
  ...(learned.refreshSeconds === undefined ? {} : { refreshSeconds: learned.refreshSeconds }),
});

/** Lifetimes that differ by less are the same: servers subtract the time that they took. */
const SLACK = 0.02;

type Value = number | boolean | string | undefined;

const isSame = (one: Value, other: Value): boolean =>
  typeof one === 'number' && typeof other === 'number'
    ? Math.abs(one - other) <= Math.max(2, other * SLACK)
    : one === other;

const SURPRISES_MAX = 50;

/** What an answer adds to what is known, and the contradictions that it brings to light for the first time. */
export const learn = (
  provider: Provider,
  { learned, surprises: before }: { readonly learned: LearnedFacts; readonly surprises: readonly Surprise[] },
  seen: LearnedFacts,
): {
  readonly learned: LearnedFacts;
  /** All so far, the newest last. */
  readonly surprises: readonly Surprise[];
  readonly news: readonly Surprise[];
} => {
  const expected: LearnedFacts = {
    accessSeconds: provider.lifetimes.accessSeconds,
    refreshSeconds: provider.lifetimes.refreshSeconds,
    rotates: provider.repeats.kind === 'free' ? undefined : true,
    accessToken: 'usable',
    ...learned,
  };
  const facts: Record<string, number | boolean | string> = {};
  const news: Surprise[] = [];
  for (const [name, value] of Object.entries(seen)) {
    if (value === undefined) continue;
    const fact = name as keyof LearnedFacts;
    const known = expected[fact];
    if (isSame(value, known)) continue;
    facts[fact] = value;
    const isRecorded = before.some((one) => one.fact === fact && isSame(value, one.seen));
    // That access tokens can be used again is no contradiction.
    if (known !== undefined && !isRecorded && value !== 'usable')
      news.push({ fact, expected: known, seen: value });
  }
  return {
    learned: Object.keys(facts).length === 0 ? learned : { ...learned, ...facts },
    surprises: news.length === 0 ? before : [...before, ...news].slice(-SURPRISES_MAX),
    news,
  };
};
