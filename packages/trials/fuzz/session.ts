import type { Conversation } from './conversation.ts';
import type { FuzzRequest } from './request.ts';
import type { FuzzTarget } from './target.ts';
import { faultOf } from './verdict.ts';
import type { RawResponse } from '../support/raw-request.ts';

/** The ways in which requests are sent. */
export type Mode = 'structured' | 'pipelined' | 'raw' | 'split' | 'slow';

/** A violation, and the requests that caused it. */
export type Finding = {
  readonly mode: Mode;
  readonly what: string;
  /** In the order in which one connection sent them. Empty if no connection is known. */
  readonly requests: readonly FuzzRequest[];
};

const FINDINGS_MAX = 10;

/** The results of one run. */
export type Session = {
  readonly findings: readonly Finding[];
  readonly statuses: Readonly<Record<number, number>>;
  readonly answers: number;
  readonly done: number;
  /** Records a finding. Findings without requests are recorded only once. */
  find(finding: Finding): void;
  /** Records a finding from the server's log, with its request if that was sent in this round. */
  findByRequestId(what: string, requestId: string): void;
  /** Clears the record of which answer belongs to which request. */
  beginRound(): void;
  /** Whether the maximum number of findings is reached. */
  isOver(): boolean;
  /** Counts the requests as sent and checks their answers. */
  judge(exchange: Exchange): void;
};

/** Requests on one connection, and all answers to them. */
export type Exchange = {
  readonly target: FuzzTarget;
  readonly mode: Mode;
  readonly requests: readonly FuzzRequest[];
  readonly answers: readonly RawResponse[];
  readonly conversation: Conversation;
  /** Whether there must be exactly one answer per request. */
  readonly isAnswerRequired: boolean;
};

/** Creates a session. `onProgress` receives the number of requests sent. */
export const createSession = (onProgress: (done: number) => void): Session => {
  const findings: Finding[] = [];
  const statuses: Record<number, number> = {};
  const sent = new Map<string, Pick<Exchange, 'mode' | 'requests'>>();
  const session = {
    findings,
    statuses,
    answers: 0,
    done: 0,
    find(finding: Finding) {
      const isKnown = finding.requests.length === 0 && findings.some(({ what }) => what === finding.what);
      if (!isKnown && findings.length < FINDINGS_MAX) findings.push(finding);
    },
    findByRequestId(what: string, requestId: string) {
      session.find({ what, mode: 'structured', requests: [], ...sent.get(requestId) });
    },
    beginRound: () => sent.clear(),
    isOver: () => findings.length >= FINDINGS_MAX,
    judge({ target, mode, requests, answers, conversation, isAnswerRequired }: Exchange) {
      session.done += requests.length;
      session.answers += answers.length;
      onProgress(session.done);
      const [first] = requests;
      const find = (what: string): void => session.find({ mode, what, requests });
      for (const [index, answer] of answers.entries()) {
        statuses[answer.status] = (statuses[answer.status] ?? 0) + 1;
        const request = requests[index] ?? first;
        if (request === undefined) continue;
        sent.set(requestIdOf(answer), { mode, requests: [request] });
        // The server may read bytes without a clear end as several requests, so no certain refusal is expected.
        const expected = isAnswerRequired ? request : { ...request, expects: undefined, dialect: undefined };
        const fault = faultOf(expected, answer, target.secrets);
        if (fault !== undefined) find(`${request.what}: ${fault}`);
      }
      if (!target.isAlive()) return find('the server has exited');
      const fault = conversation.fault();
      if (fault !== undefined) return find(fault);
      if (isAnswerRequired && answers.length < requests.length)
        find(`the connection ended after ${answers.length} of ${requests.length} answers`);
    },
  };
  return session;
};

const requestIdOf = ({ headers }: RawResponse): string =>
  headers['sc-request-id'] ?? headers['x-request-id'] ?? '';
