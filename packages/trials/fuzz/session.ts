import type { Conversation } from './conversation.ts';
import type { FuzzRequest } from './request.ts';
import type { FuzzTarget } from './target.ts';
import { faultOf } from './verdict.ts';
import type { RawResponse } from '../support/raw-request.ts';

/** The ways in which requests are sent. */
export type Mode = 'structured' | 'pipelined' | 'raw' | 'split' | 'slow';

/** Something that must not be, and the bytes after which it was. */
export type Finding = {
  readonly mode: Mode;
  readonly what: string;
  /** Written to one connection in this order; empty where no connection is to blame. */
  readonly requests: readonly FuzzRequest[];
};

const FINDINGS_MAX = 10;

/** What one run gathers. */
export type Session = {
  readonly findings: readonly Finding[];
  readonly statuses: Readonly<Record<number, number>>;
  readonly answers: number;
  readonly done: number;
  /** Notes a finding; one that no request is known for, once. */
  find(finding: Finding): void;
  /** Notes one that the server told itself, with the request it was answering, where that was sent in this round. */
  findByRequestId(what: string, requestId: string): void;
  /** Forgets which answer was to which request. */
  beginRound(): void;
  /** True once continuing is pointless. */
  isOver(): boolean;
  /** Counts requests as sent, and judges what was answered to them; `owed`: there must be exactly one for each. */
  judge(exchange: Exchange): void;
};

/** Requests that were written to one connection, and everything that came back. */
export type Exchange = {
  readonly target: FuzzTarget;
  readonly mode: Mode;
  readonly requests: readonly FuzzRequest[];
  readonly answers: readonly RawResponse[];
  readonly conversation: Conversation;
  readonly owed: boolean;
};

/** A new session; `onProgress` gets the number of requests sent. */
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
    judge({ target, mode, requests, answers, conversation, owed }: Exchange) {
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
        // Bytes without a sure end may be read as several requests, to any of which nothing certain is due.
        const due = owed ? request : { ...request, expects: undefined, dialect: undefined };
        const fault = faultOf(due, answer, target.secrets);
        if (fault !== undefined) find(`${request.what}: ${fault}`);
      }
      if (!target.isAlive()) return find('the server is gone');
      const fault = conversation.fault();
      if (fault !== undefined) return find(fault);
      if (owed && answers.length < requests.length)
        find(`the connection ended after ${answers.length} of ${requests.length} answers`);
    },
  };
  return session;
};

const requestIdOf = ({ headers }: RawResponse): string =>
  headers['sc-request-id'] ?? headers['x-request-id'] ?? '';
