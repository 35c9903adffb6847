import type { ServerResponse } from 'node:http';
import { OperatorError, StoreError } from '@keyfob/server';
import { SANDBOX_ERRORS, SandboxError } from '../sandbox-error.ts';

/** An error of the control API (RFC 9457), with what to do about it. */
export type Problem = {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  readonly remedy: string;
};

/** The problem that an error is. A bug shows its message, because only its developer reads it. */
export const problemOf = (error: unknown): Problem => {
  if (error instanceof SandboxError) {
    const { code, message: detail, remedy } = error;
    return { ...named(code), status: SANDBOX_ERRORS[code], detail, remedy };
  }
  if (error instanceof OperatorError)
    return { ...named(error.code), status: 400, detail: error.message, remedy: error.remedy };
  if (error instanceof StoreError)
    return {
      ...named('store'),
      status: 503,
      detail: error.message,
      remedy: 'Try again, or reset the world.',
    };
  const detail = error instanceof Error ? error.message : String(error);
  return {
    ...named('internal'),
    status: 500,
    detail,
    remedy: 'This is a bug of the sandbox. Reset the world.',
  };
};

const named = (code: string): Pick<Problem, 'type' | 'title'> => ({
  type: `urn:keyfob:sandbox:${code}`,
  title: code.replaceAll('_', ' '),
});

export const sendProblem = (response: ServerResponse, problem: Problem): void => {
  const body = `${JSON.stringify(problem)}\n`;
  response
    .writeHead(problem.status, {
      'Content-Type': 'application/problem+json',
      'Content-Length': Buffer.byteLength(body),
      'Cache-Control': 'no-store',
    })
    .end(body);
};
