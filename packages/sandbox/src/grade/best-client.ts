import { hasStoredAt } from './history.ts';
import type { Exchange, History, HistoryEvent, Need, RotationRule } from './history.ts';

/** Why not even the best client could have kept the grant. */
export type Impossible = {
  readonly because:
    'ended_by_owner' | 'too_old' | 'stolen' | 'answer_lost' | 'killed_before_answer' | 'state_taken_away';
  /** The number of the need in which it became impossible, or after which. */
  readonly need: number;
};

/** The request by which the command itself ended the grant, while the best client held a good token. */
export type Blame = { readonly need: number; readonly presented: number };

/** What the best client could have at a moment, given what had reached the command. */
export type Standing = {
  /** The newest generation that the server had issued. */
  readonly generation: number;
  /** The newest generation that the best client could have stored. */
  readonly held: number;
  /** The newest generation whose answer had reached the command whole. */
  readonly reached: number;
  readonly impossible: Impossible | undefined;
  readonly blame: Blame | undefined;
};

type State = { -readonly [Name in keyof Standing]: Standing[Name] } & {
  /** When the predecessor of the newest generation was first used. */
  usedAtMs: number;
  /** The newest generation that reached the running command, which it may still lose. */
  received: number;
  need: number;
  heldAfter: number[];
  /** What has kept the best client from holding the newest generation, if it does not hold it. */
  missing: Impossible['because'];
};

/**
 * Follows the best client through a history: it stores an answer before it prints anything, sends the same token again as
 * often as the rule allows, and otherwise does what the command did. The standing after event N is at index N.
 *
 * "Unavoidable" is proven this way: at some moment no token that the best client could hold was good any more, and the command
 * had not caused that itself.
 */
export const followBestClient = ({ rule, events }: History): readonly Standing[] => {
  const state: State = {
    generation: 0,
    held: 0,
    reached: 0,
    impossible: undefined,
    blame: undefined,
    usedAtMs: 0,
    received: 0,
    need: 0,
    heldAfter: [],
    missing: 'answer_lost',
  };
  return events.map((event) => {
    step(state, event, rule);
    const { generation, held, reached, impossible, blame } = state;
    return { generation, held, reached, impossible, blame };
  });
};

const step = (state: State, event: HistoryEvent, rule: RotationRule): void => {
  switch (event.kind) {
    case 'exchange':
      beginNeed(state, event, rule);
      exchange(state, event);
      return;
    case 'need':
      beginNeed(state, event, rule);
      endNeed(state, event, rule);
      return;
    case 'rolled_back':
      state.held = state.heldAfter[event.toNeed] ?? 0;
      state.received = state.held;
      state.missing = 'state_taken_away';
      giveUpIfOver(state, event.atMs, rule);
      return;
    case 'ended':
      giveUp(state, ENDED[event.by]);
      return;
    case 'leaked':
  }
};

const ENDED = { owner: 'ended_by_owner', age: 'too_old', thief: 'stolen' } as const;

/** Before the first request of a need: the time in which an answer of an earlier one could be repeated may be over. */
const beginNeed = (state: State, { need, atMs }: Exchange | Need, rule: RotationRule): void => {
  if (need === state.need) return;
  giveUpIfOver(state, atMs, rule);
  state.need = need;
};

const exchange = (state: State, { issued, presented, need, atMs, reached, hasRevoked }: Exchange): void => {
  if (issued !== undefined && issued > state.generation) {
    state.generation = issued;
    state.usedAtMs = atMs;
  }
  if (issued !== undefined && reached === 'all') {
    state.received = Math.max(state.received, issued);
    state.reached = Math.max(state.reached, issued);
  }
  if (hasRevoked && presented !== undefined) state.blame ??= { need, presented };
};

const endNeed = (state: State, { need, killedAt, couldRepeat, atMs }: Need, rule: RotationRule): void => {
  const hasSurvived = killedAt === undefined || hasStoredAt(killedAt);
  if (hasSurvived) state.held = Math.max(state.held, state.received);
  state.received = state.held;
  if (state.held < state.generation) {
    state.missing = killedAt === undefined ? 'answer_lost' : 'killed_before_answer';
    if (hasSurvived && couldRepeat && mayRepeat(state, atMs, rule)) state.held = state.generation;
    else giveUpIfOver(state, atMs, rule);
  }
  state.heldAfter[need] = state.held;
};

const giveUpIfOver = (state: State, nowMs: number, rule: RotationRule): void => {
  if (state.held < state.generation && !mayRepeat(state, nowMs, rule)) giveUp(state, state.missing);
};

/** Whether the token that the best client holds, an old one, would be answered with the newest. */
const mayRepeat = (state: State, nowMs: number, { rotation, overlapSeconds }: RotationRule): boolean => {
  if (rotation === 'none') return true;
  if (state.held < state.generation - 1) return false;
  if (rotation === 'until-used') return true;
  return rotation === 'overlap' && nowMs - state.usedAtMs < overlapSeconds * 1000;
};

/** What the command did itself comes first: nothing after that excuses it. */
const giveUp = (state: State, because: Impossible['because']): void => {
  if (state.blame === undefined) state.impossible ??= { because, need: state.need };
};
