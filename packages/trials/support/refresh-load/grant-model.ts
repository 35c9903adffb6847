import type { Call, VisiblePolicy } from './call.ts';

/** A grant as its clients may know it: the newest token, and the chain of those before. */
export type GrantState = {
  readonly generation: number;
  /** `undefined` while no client has seen it: it was made by a call whose answer was lost. */
  readonly token: string | undefined;
  /** The `Idempotency-Key` of the use that made it. */
  readonly madeWith: string | undefined;
  readonly before: GrantState | undefined;
};

/** When a token was first used: between these moments, whatever the order of the calls was. */
export type FirstUse = { readonly earliestMs: number; readonly latestMs: number };

/** What one history says of its grant, the order of its calls left open. */
export type GrantModel = {
  readonly start: GrantState;
  /** Every state that the grant may be in when the call took effect in `state`; none where it cannot have. */
  apply(state: GrantState, call: Call): readonly GrantState[];
};

/** Two clocks are compared, the client's and the server's, and the server's counts whole milliseconds. */
const SLACK_MS = 20;
/** As many rotations as the server remembers the moments of: `docs/decisions/0006-verdict.md`. */
const MOMENTS_REMEMBERED = 32;

/**
 * What RFC 6749 §6, RFC 9700 §4.14.2 and the policy allow a grant to answer, written without a look at the server.
 * The grant is never revoked here. A presented token is counted back from the newest: 0 is the newest itself.
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
    start: { generation: 0, token: firstToken, madeWith: undefined, before: undefined },
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
  gap === 1 && call.idempotencyKey !== undefined && call.idempotencyKey === state.madeWith;

const rotate = (state: GrantState, call: Call, successor: string | undefined): GrantState => ({
  generation: state.generation + 1,
  token: successor,
  madeWith: call.idempotencyKey,
  before: state,
});

/** How many generations before the newest the token is; `undefined` where the chain does not have it. */
export const gapOf = (state: GrantState, token: string): number | undefined => {
  for (let link: GrantState | undefined = state; link !== undefined; link = link.before) {
    if (link.token === token) return state.generation - link.generation;
  }
  return undefined;
};

/** A call that was answered 200 has used its token by its end at the latest; no use is before the first call. */
export const findFirstUses = (calls: readonly Call[]): ReadonlyMap<string, FirstUse> => {
  const uses = new Map<string, FirstUse>();
  for (const { token, startMs, endMs, outcome } of calls) {
    const known = uses.get(token) ?? { earliestMs: Infinity, latestMs: Infinity };
    const latestMs = outcome.kind === 'answered' ? Math.min(known.latestMs, endMs) : known.latestMs;
    uses.set(token, { earliestMs: Math.min(known.earliestMs, startMs), latestMs });
  }
  return uses;
};
