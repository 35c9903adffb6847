import type { Seconds } from '../../clock.ts';
import type { Sentence } from '../../language.ts';
import type { AdminAnswer } from '../exchange.ts';

/** Every kind of problem that the admin API answers, with its status and its title. */
export const PROBLEMS = {
  request_invalid: [400, 'The request is not as described'],
  reason_missing: [400, 'A write needs a reason'],
  not_authenticated: [401, 'Nobody is signed in'],
  not_permitted: [403, 'The role does not allow this'],
  other_site: [403, 'The request comes from another site'],
  not_found: [404, 'There is nothing here'],
  method_unknown: [405, 'There is no such method here'],
  conflict: [409, 'The state does not allow this'],
  already_asked: [409, 'This write was asked for before'],
  count_differs: [409, 'The filter now finds another number'],
  key_of_another_write: [422, 'This Idempotency-Key is of another write'],
  body_invalid: [422, 'The body is not as described'],
  too_many: [429, 'There are too many of these'],
  too_often: [429, 'This was asked for too often'],
  streams_full: [503, 'Too many live streams are open'],
  store_unavailable: [503, 'The store does not answer'],
  outcome_unknown: [503, 'It is not known whether this was done'],
} as const satisfies Readonly<Record<string, readonly [status: number, title: string]>>;
export type ProblemCode = keyof typeof PROBLEMS;

/** A request that is answered with a problem. */
export class Problem extends Error {
  readonly code: ProblemCode;
  /** What exactly, one sentence each. */
  readonly faults: readonly Sentence[];
  /** When it may be asked for again; `undefined` where waiting does not help. */
  readonly retryAfterSeconds: Seconds | undefined;

  constructor(code: ProblemCode, ...faults: readonly Sentence[]) {
    super(code);
    this.name = 'Problem';
    this.code = code;
    this.faults = faults;
    this.retryAfterSeconds = PROBLEMS[code][0] === 503 ? OUTAGE_RETRY_SECONDS : undefined;
  }
}

const OUTAGE_RETRY_SECONDS: Seconds = 5;

/** Something was asked for so often that the next time must be later. */
export class TooOften extends Problem {
  override readonly retryAfterSeconds: Seconds;

  constructor(retryAfterSeconds: Seconds, what: Sentence) {
    super('too_often', {
      en: `${what.en}: try again in ${retryAfterSeconds} seconds`,
      ko: `${what.ko} ${retryAfterSeconds}초 뒤에 다시 시도하세요.`,
    });
    this.retryAfterSeconds = retryAfterSeconds;
  }
}

/** The address has no such method. @see RFC 9110 §15.5.6 */
export class MethodUnknown extends Problem {
  readonly allowed: readonly string[];

  constructor(methods: readonly string[]) {
    const known = new Set(methods.flatMap((method) => (method === 'GET' ? ['GET', 'HEAD'] : [method])));
    super('method_unknown', {
      en: `use ${[...known].join(' or ')}`,
      ko: `사용할 수 있는 방법: ${[...known].join(', ')}`,
    });
    this.allowed = [...known];
  }
}

/** The headers of an answer to a problem, besides its type. */
export const headersOfProblem = (problem: Problem): Readonly<Record<string, string>> => ({
  ...(problem instanceof MethodUnknown ? { Allow: problem.allowed.join(', ') } : {}),
  ...(problem.retryAfterSeconds === undefined ? {} : { 'Retry-After': String(problem.retryAfterSeconds) }),
});

/** A problem as RFC 9457 has it: `type` is stable, for programs; `detail` is for people. */
export const problemBody = ({ code, faults }: Pick<Problem, 'code' | 'faults'>, requestId: string) => {
  const [status, title] = PROBLEMS[code];
  const said = faults.map(({ en }) => en);
  return {
    type: `urn:keyfob:problem:${code}`,
    title,
    status,
    code,
    ...(said.length === 0 ? {} : { detail: said.join('; '), faults: said }),
    requestId,
  };
};

export const answerProblem = (problem: Problem, requestId: string): AdminAnswer => {
  const body = problemBody(problem, requestId);
  return {
    status: body.status,
    type: 'application/problem+json',
    body: `${JSON.stringify(body)}\n`,
    headers: {
      ...(body.status === 401 ? { 'WWW-Authenticate': 'Bearer realm="keyfob admin"' } : {}),
      ...headersOfProblem(problem),
    },
  };
};
