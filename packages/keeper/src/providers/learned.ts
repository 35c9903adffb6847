import type { Lifetimes, Provider } from './provider.ts';

/** What answers have shown. It overrides what the profile says, and every contradiction is reported once. */
export type LearnedFacts = {
  readonly accessSeconds?: number | undefined;
  readonly refreshSeconds?: number | undefined;
  /** Whether a refresh gives a new refresh token. */
  readonly rotates?: boolean | undefined;
  /** What a repeat inside the overlap is answered with. */
  readonly repeatGives?: 'same_pair' | 'new_pair' | undefined;
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

const isNear = (one: number, other: number): boolean => Math.abs(one - other) <= Math.max(2, other * SLACK);

/** What an answer adds to what is known, and the contradictions that it brings to light. */
export const learn = (
  provider: Provider,
  learned: LearnedFacts,
  seen: LearnedFacts,
): { readonly learned: LearnedFacts; readonly surprises: readonly Surprise[] } => {
  const expected: LearnedFacts = {
    accessSeconds: provider.lifetimes.accessSeconds,
    refreshSeconds: provider.lifetimes.refreshSeconds,
    rotates: provider.repeats.kind === 'free' ? undefined : true,
    ...learned,
  };
  const facts: Record<string, number | boolean | string> = {};
  const surprises: Surprise[] = [];
  for (const [name, value] of Object.entries(seen)) {
    if (value === undefined) continue;
    const fact = name as keyof LearnedFacts;
    const before = expected[fact];
    const isSame =
      typeof value === 'number' && typeof before === 'number' ? isNear(value, before) : value === before;
    if (isSame) continue;
    facts[fact] = value;
    if (before !== undefined) surprises.push({ fact, expected: before, seen: value });
  }
  return { learned: Object.keys(facts).length === 0 ? learned : { ...learned, ...facts }, surprises };
};
