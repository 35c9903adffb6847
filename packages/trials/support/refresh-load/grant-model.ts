import type { Call, VisiblePolicy } from './call.ts';

/** A grant as its clients may know it: the newest token, and the chain of earlier tokens. */
export type GrantState = {
  readonly generation: number;
  /** `undefined` while no client has seen it, because the answer with it was lost. */
  readonly token: string | undefined;
  /** The `Idempotency-Key` of the use that created the token. */
  readonly idempotencyKey: string | undefined;
  readonly before: GrantState | undefined;
};

/** The earliest and latest possible time of the first use of a token, for any order of the calls. */
export type FirstUse = { readonly earliestMs: number; readonly latestMs: number };

/** What one history allows for its grant, for any order of its calls. */
export type GrantModel = {
  readonly start: GrantState;
  /** Every possible state after the call took effect in `state`; empty if that is impossible. */
  apply(state: GrantState, call: Call): readonly GrantState[];
};

/** Tolerance for the comparison of the client's clock with the server's, which counts whole milliseconds. */
const SLACK_MS = 20;
/** How many rotation times the server remembers (`docs/decisions/0006-verdict.md`). */
const MOMENTS_REMEMBERED = 32;

/**
 * The answers that RFC 6749 §6, RFC 9700 §4.14.2 and the policy allow, written independently of the server code. The grant
 * is never revoked here. `gap` counts back from the newest token, which is 0.
 */
export const createGrantModel = (
  firstToken: string,
  calls: readonly Call[],
  policy: VisiblePolicy,
): GrantModel => {
  const firstUses = findFirstUses(calls);
  const wasUnavailable = new Set(
    calls.filter(({ outcome }) => outcome.kind === 'unavailable').map(({ token }) => token),
  );
  const overlapMs = policy.rotation === 'overlap' ? policy.overlapSeconds * 1000 : 0;

  const mustRepeat = (state: GrantState, call: Call, gap: number): boolean => {
    if (isSameUse(state, call, gap)) return true;
    if (policy.rotation === 'until-used') return gap === 1;
    const longestMs = call.endMs - (firstUses.get(call.token)?.earliestMs ?? -Infinity);
    return longestMs < overlapMs - SLACK_MS && gap <= MOMENTS_REMEMBERED;
  };

  const mayRepeat = (state: GrantState, call: Call, gap: number): boolean => {
    if (isSameUse(state, call, gap)) return true;
    if (gap === 1 && (policy.rotation === 'until-used' || wasUnavailable.has(call.token))) return true;
    const shortestMs = call.startMs - (firstUses.get(call.token)?.latestMs ?? Infinity);
    return overlapMs > 0 && shortestMs < overlapMs + SLACK_MS;
  };

  const answer = (state: GrantState, call: Call, gap: number, given: string): readonly GrantState[] => {
    if (gap === 0 && policy.rotation === 'none') return given === call.token ? [state] : [];
    if (gap > 0 && !mayRepeat(state, call, gap)) return [];
    if (gap > 0 && state.token !== undefined) return given === state.token ? [state] : [];
    if (gapOf(state, given) !== undefined) return [];
    return [gap === 0 ? rotate(state, call, given) : { ...state, token: given }];
  };

  return {
    start: { generation: 0, token: firstToken, idempotencyKey: undefined, before: undefined },
    apply(state, call) {
      const gap = gapOf(state, call.token);
      if (gap === undefined) return [];
      const rotated = gap === 0 && policy.rotation !== 'none' ? [rotate(state, call, undefined)] : [];
      switch (call.outcome.kind) {
        case 'answered':
          return answer(state, call, gap, call.outcome.refreshToken);
        case 'refused':
          return gap === 0 || mustRepeat(state, call, gap) ? [] : [state];
        case 'lost':
          return rotated;
        case 'unavailable':
          return [state, ...rotated];
        case 'other':
          return [state];
      }
    },
  };
};

const isSameUse = (state: GrantState, call: Call, gap: number): boolean =>
  gap === 1 && call.idempotencyKey !== undefined && call.idempotencyKey === state.idempotencyKey;

const rotate = (state: GrantState, call: Call, successor: string | undefined): GrantState => ({
  generation: state.generation + 1,
  token: successor,
  idempotencyKey: call.idempotencyKey,
  before: state,
});

/** How many generations the token is before the newest; `undefined` if the chain does not contain it. */
export const gapOf = (state: GrantState, token: string): number | undefined => {
  for (let link: GrantState | undefined = state; link !== undefined; link = link.before) {
    if (link.token === token) return state.generation - link.generation;
  }
  return undefined;
};

/** A call with 200 used its token at the latest when it ended. No use is before the first call. */
export const findFirstUses = (calls: readonly Call[]): ReadonlyMap<string, FirstUse> => {
  const uses = new Map<string, FirstUse>();
  for (const { token, startMs, endMs, outcome } of calls) {
    const known = uses.get(token) ?? { earliestMs: Infinity, latestMs: Infinity };
    const latestMs = outcome.kind === 'answered' ? Math.min(known.latestMs, endMs) : known.latestMs;
    uses.set(token, { earliestMs: Math.min(known.earliestMs, startMs), latestMs });
  }
  return uses;
};
