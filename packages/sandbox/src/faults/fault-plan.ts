import type { Millis } from '@keyfob/server/grants';
import type { WireResponse } from '@keyfob/server/wire';
import { changeAnswer } from './change-answer.ts';
import type { SentTokens } from './change-answer.ts';
import type { Fault, FaultAction, Loss } from './fault.ts';
import { renderError } from './error-answer.ts';
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
  /** The answer leaves after the one to the next request about the same grant. */
  readonly isLate: boolean;
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
  isLate: false,
  loss: undefined,
};

/** What an answer that a fault makes depends on. */
export type AnswerContext = {
  /** Whose endpoint was asked. */
  readonly dialect: string | undefined;
  /** By the server's clock. */
  readonly nowMs: Millis;
  readonly requestId: string;
};

/** What faults do together. Where two contradict each other, the one that was armed first wins. */
export const planFaults = (faults: readonly Pick<Fault, 'do'>[], context: AnswerContext): FaultPlan =>
  faults.reduce((plan, fault) => addAction(plan, fault.do, context), NO_FAULT);

const addAction = (plan: FaultPlan, action: FaultAction, context: AnswerContext): FaultPlan => {
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
  if ('redirect' in action || 'errorCode' in action || 'status' in action) {
    const answer = madeUp(action, context);
    return action.at === 'beforeCommit'
      ? { ...plan, before: plan.before ?? answer }
      : { ...plan, after: plan.after ?? answer };
  }
  if ('duplicateRequest' in action) return { ...plan, isDuplicated: true };
  if ('tls' in action) return { ...plan, isRefused: true };
  if ('lateAnswer' in action) return { ...plan, isLate: true };
  const { change } = plan;
  return { ...plan, change: (answer, sent) => changeAnswer(action, change(answer, sent), sent) };
};

const madeUp = (
  action: Extract<FaultAction, { readonly at: 'beforeCommit' | 'afterCommit' }>,
  context: AnswerContext,
): WireResponse => {
  if ('redirect' in action)
    return { status: action.status, headers: { Location: action.redirect }, body: '' };
  const { headers: own, retryAfter } = action;
  const more = { ...own, ...(retryAfter === undefined ? {} : writeRetryAfter(retryAfter, context)) };
  if ('errorCode' in action) {
    const error = renderError(action, context);
    return { ...error, headers: { ...error.headers, ...more } };
  }
  const { status } = action;
  const named = action.bodyName === undefined ? undefined : GATEWAY_BODIES[action.bodyName];
  const body = action.body ?? named?.body ?? '';
  const isJson = named === undefined && /^\s*[[{]/.test(body);
  const headers = named?.headers ?? (isJson ? { 'Content-Type': 'application/json' } : {});
  return { status, headers: { ...headers, ...more }, body };
};

const writeRetryAfter = (
  { seconds, as }: { readonly seconds: number; readonly as: 'seconds' | 'date' },
  { nowMs }: AnswerContext,
): Readonly<Record<string, string>> => ({
  'Retry-After': as === 'date' ? new Date(nowMs + seconds * 1000).toUTCString() : String(seconds),
});
