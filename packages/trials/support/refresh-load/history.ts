import type { Call, VisiblePolicy } from './call.ts';
import { createGrantModel, gapOf } from './grant-model.ts';
import type { GrantModel, GrantState } from './grant-model.ts';

/** Whether one order of the calls of a grant explains every answer. */
export type HistoryVerdict =
  | { readonly isLinearizable: true }
  /** `call`: the first call, by end time, that no order explains. */
  | { readonly isLinearizable: false; readonly call: number; readonly why: string };

/** One way in which the calls so far may have taken effect. `open`: started calls that have not taken effect yet. */
type Configuration = { readonly state: GrantState; readonly open: readonly number[] };

type Moment = { readonly atMs: number; readonly call: number; readonly isEnd: boolean };

/**
 * Decides from the clients' logs whether the history of one grant is linearizable: each call took effect at one point
 * between its start and its end, and its answer is what the policy gives at that point. A lost call took effect at any
 * point after its start, or never. Processes the starts and ends of calls in order, keeps every way in which the calls may
 * have taken effect, and lets a call take effect only when an end requires it.
 *
 * @see Wing and Gong, "Testing and verifying concurrent objects" (1993); Lowe, "Testing for linearizability" (2017)
 */
export const checkHistory = (
  firstToken: string,
  calls: readonly Call[],
  policy: VisiblePolicy,
): HistoryVerdict => {
  const model = createGrantModel(firstToken, calls, policy);
  // Without rotation a lost call leaves no trace.
  const canMatter = (call: number, state: GrantState): boolean =>
    canStillMatter(state, calls[call]) &&
    (policy.rotation !== 'none' || calls[call]?.outcome.kind !== 'lost');
  let configurations: readonly Configuration[] = [{ state: model.start, open: [] }];
  for (const { call, isEnd } of orderMoments(calls)) {
    const before = configurations;
    configurations = isEnd
      ? mergeSame(before.flatMap((one) => takeEffect(model, calls, one, call)))
      : before.map(({ state, open }) => ({ state, open: canMatter(call, state) ? [...open, call] : open }));
    if (configurations.length === 0)
      return { isLinearizable: false, call, why: describe(before, calls[call]) };
  }
  return { isLinearizable: true };
};

/** Orders starts and ends by time. A start comes before an end at the same time, so such calls count as concurrent. */
const orderMoments = (calls: readonly Call[]): readonly Moment[] =>
  calls
    .flatMap(({ startMs, endMs, outcome }, call): Moment[] => {
      const start = { atMs: startMs, call, isEnd: false };
      return outcome.kind === 'lost' ? [start] : [start, { atMs: endMs, call, isEnd: true }];
    })
    .sort((left, right) => left.atMs - right.atMs || Number(left.isEnd) - Number(right.isEnd));

/** Every way to let `wanted` take effect now, with any other open calls before it. */
const takeEffect = (
  model: GrantModel,
  calls: readonly Call[],
  from: Configuration,
  wanted: number,
): readonly Configuration[] => {
  if (!from.open.includes(wanted)) return [from];
  const found: Configuration[] = [];
  let reached: readonly Configuration[] = [from];
  while (reached.length > 0) {
    const next: Configuration[] = [];
    for (const { state, open } of reached) {
      for (const chosen of open) {
        const call = calls[chosen];
        if (call === undefined) continue;
        for (const after of model.apply(state, call)) {
          const rest = open.filter((one) => one !== chosen && canStillMatter(after, calls[one]));
          (chosen === wanted ? found : next).push({ state: after, open: rest });
        }
      }
    }
    reached = mergeSame(next);
  }
  return found;
};

/** A lost call matters only if it rotates its token, so it can be dropped once that token is no longer the newest. */
const canStillMatter = (state: GrantState, call: Call | undefined): boolean =>
  call?.outcome.kind !== 'lost' || call.token === state.token;

/** Merges configurations that allow the same future. */
const mergeSame = (configurations: readonly Configuration[]): readonly Configuration[] => {
  if (configurations.length < 2) return configurations;
  const nameOf = ({ state, open }: Configuration): string =>
    JSON.stringify([state.generation, state.token ?? null, state.idempotencyKey ?? null, open]);
  return [...new Map(configurations.map((one) => [nameOf(one), one])).values()];
};

const describe = (configurations: readonly Configuration[], call: Call | undefined): string => {
  const state = configurations[0]?.state;
  if (state === undefined || call === undefined) return 'no call';
  const gap = gapOf(state, call.token);
  const presented =
    gap === undefined ? 'a token that it never received' : `the token ${gap} before the newest known`;
  const { kind } = call.outcome;
  const given = kind === 'answered' ? gapOf(state, call.outcome.refreshToken) : undefined;
  const what = given === undefined ? '' : `, with the token ${given} before the newest known`;
  return `at generation ${state.generation} or near it a client presented ${presented}, and the call was ${kind}${what}`;
};
