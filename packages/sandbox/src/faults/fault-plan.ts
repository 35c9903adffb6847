import type { WireResponse } from '@keyfob/server/wire';
import { changeAnswer } from './change-answer.ts';
import type { SentTokens } from './change-answer.ts';
import type { Fault, FaultAction, Loss } from './fault.ts';
import { GATEWAY_BODIES } from './gateway-bodies.ts';

/** How the answer of a request is lost on its way. */
export type LossPlan = { readonly how: Loss; readonly afterBytes: number | undefined };

/** What is done with one request: all that its faults want, in the order in which it happens. */
export type FaultPlan = {
  /** The connection is reset before anything is read. */
  readonly isRefused: boolean;
  /** Real milliseconds before the server gets it. */
  readonly requestDelayMs: number;
  /** Answered instead of the server, which never sees the request. */
  readonly before: WireResponse | undefined;
  readonly endsBeforeCommit: boolean;
  readonly isDuplicated: boolean;
  /** Answered although the server has done what was asked. */
  readonly after: WireResponse | undefined;
  readonly change: (answer: WireResponse, sent: SentTokens) => WireResponse;
  /** Seconds of the world, and whether a frozen clock moves on by them. */
  readonly waits: readonly { readonly seconds: number; readonly movesClock: boolean }[];
  readonly answerDelayMs: number;
  readonly loss: LossPlan | undefined;
};

export const NO_FAULT: FaultPlan = {
  isRefused: false,
  requestDelayMs: 0,
  before: undefined,
  endsBeforeCommit: false,
  isDuplicated: false,
  after: undefined,
  change: (answer) => answer,
  waits: [],
  answerDelayMs: 0,
  loss: undefined,
};

/** What faults do together. Where two contradict each other, the one that was armed first wins. */
export const planFaults = (faults: readonly Pick<Fault, 'do'>[]): FaultPlan =>
  faults.reduce((plan, fault) => addAction(plan, fault.do), NO_FAULT);

const addAction = (plan: FaultPlan, action: FaultAction): FaultPlan => {
  if ('loseAnswer' in action) {
    const { how, afterBytes } = action;
    const endsBeforeCommit = plan.endsBeforeCommit || action.loseAnswer === 'beforeCommit';
    return { ...plan, endsBeforeCommit, loss: plan.loss ?? { how, afterBytes } };
  }
  if ('delaySeconds' in action) {
    const { delaySeconds: seconds, movesClock } = action;
    return { ...plan, waits: [...plan.waits, { seconds, movesClock }] };
  }
  if ('delayMilliseconds' in action) {
    const { delayMilliseconds: ms } = action;
    return action.of === 'request'
      ? { ...plan, requestDelayMs: plan.requestDelayMs + ms }
      : { ...plan, answerDelayMs: plan.answerDelayMs + ms };
  }
  if ('redirect' in action || 'status' in action) {
    const answer = madeUp(action);
    return action.at === 'beforeCommit'
      ? { ...plan, before: plan.before ?? answer }
      : { ...plan, after: plan.after ?? answer };
  }
  if ('duplicateRequest' in action) return { ...plan, isDuplicated: true };
  if ('tls' in action) return { ...plan, isRefused: true };
  const { change } = plan;
  return { ...plan, change: (answer, sent) => changeAnswer(action, change(answer, sent), sent) };
};

const madeUp = (action: Extract<FaultAction, { readonly status: number }>): WireResponse => {
  if ('redirect' in action)
    return { status: action.status, headers: { Location: action.redirect }, body: '' };
  const named = action.bodyName === undefined ? undefined : GATEWAY_BODIES[action.bodyName];
  const body = action.body ?? named?.body ?? '';
  const isJson = named === undefined && /^\s*[[{]/.test(body);
  const headers = named?.headers ?? (isJson ? { 'Content-Type': 'application/json' } : {});
  return { status: action.status, headers: { ...headers, ...action.headers }, body };
};
