import type { Millis } from '../time.ts';

/** Every kind of problem that the service answers, with its status and its title. */
export const PROBLEMS = {
  body_not_json: [400, 'The body is not JSON'],
  input_invalid: [400, 'The request is not as described'],
  key_missing: [401, 'A key is needed'],
  key_refused: [401, 'The key is wrong or over'],
  scope_missing: [403, 'The key may not do this'],
  name_not_visible: [403, 'The key does not see this name'],
  not_found: [404, 'There is nothing here'],
  not_connected: [404, 'There is no connection of this name'],
  method_not_allowed: [405, 'The method is not for this path'],
  needs_consent: [409, 'The owner must consent again'],
  disconnected: [410, 'The connection was closed'],
  body_too_large: [413, 'The body is too large'],
  media_type_unsupported: [415, 'The body has another media type'],
  input_refused: [422, 'The connection cannot be kept as it is given'],
  too_many_wrong_keys: [429, 'Too many wrong keys came from this address'],
  too_many_imports: [429, 'Other imports are running'],
  internal: [500, 'The keeper failed'],
  unavailable: [503, 'There is no access token at this moment'],
  store_unavailable: [503, 'The store cannot be reached'],
  overloaded: [503, 'Too many requests are waiting'],
  stopping: [503, 'This node is stopping'],
} as const satisfies Record<string, readonly [status: number, title: string]>;
export type ProblemCode = keyof typeof PROBLEMS;

/** Errors of the keeper that are faults of the store or its keys, not of a request. */
export const BROKEN: ReadonlySet<string> = new Set([
  'key_unknown',
  'value_damaged',
  'key_wrong',
  'key_missing',
  'connection_unbound',
]);

/** Members besides those of RFC 9457. */
export type ProblemMembers = {
  readonly remedy: string;
  /** Why an owner must consent, or why there is no token. */
  readonly cause?: string;
  readonly since?: string;
  /** Where the owner consents again. */
  readonly reconnect?: string | null;
  readonly retry_at?: string;
  /** Of the keeper: what is wrong with the pair. */
  readonly code?: string;
};

/** A request that is not answered as its client wished. Caught in one place. */
export class Problem extends Error {
  readonly code: ProblemCode;
  readonly members: ProblemMembers;
  readonly headers: Readonly<Record<string, string>>;

  constructor(
    code: ProblemCode,
    detail: string,
    members: ProblemMembers,
    headers: Readonly<Record<string, string>> = {},
  ) {
    super(detail);
    this.name = 'Problem';
    this.code = code;
    this.members = members;
    this.headers = headers;
  }
}

/** The header that says when to try again: whole seconds, at least one. */
export const retryAfter = (delayMs: Millis): { readonly 'retry-after': string } => ({
  'retry-after': String(Math.max(1, Math.ceil(delayMs / 1000))),
});

/** The URN by which a program tells problems apart. */
export const problemType = (code: ProblemCode): string => `urn:keyfob:keeper:${code}`;

/** A problem as an answer. @see RFC 9457 */
export const toResponse = ({ code, message, members, headers }: Problem): Response => {
  const [status, title] = PROBLEMS[code];
  return new Response(
    JSON.stringify({ type: problemType(code), title, status, detail: message, ...members }),
    {
      status,
      headers: { 'content-type': 'application/problem+json', 'cache-control': 'no-store', ...headers },
    },
  );
};
