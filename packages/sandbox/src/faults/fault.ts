import * as v from 'valibot';
import { GATEWAY_BODIES } from './gateway-bodies.ts';

/** At most ten minutes of real time: longer than every client waits. */
const REAL_WAIT_MAX_MS = 600_000;
const BODY_MAX_CHARACTERS = 65_536;

const count = v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(1_000_000));
const bytes = v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(1_000_000));
const name = v.pipe(v.string(), v.minLength(1), v.maxLength(100));
const headerText = v.pipe(
  v.string(),
  v.regex(/^[\t\x20-\x7e]*$/, 'must be visible ASCII'),
  v.maxLength(4096),
);

/** The length of a body is the sandbox's own: a second one, or a wrong one, ends the connection in the client's parser. */
const FRAMING: ReadonlySet<string> = new Set(['content-length', 'transfer-encoding', 'trailer']);
const headerName = v.pipe(
  v.string(),
  v.regex(/^[A-Za-z0-9-]{1,64}$/, 'must be a name of letters, digits and hyphens'),
  v.check(
    (text) => !FRAMING.has(text.toLowerCase()),
    'must not frame the body; loseAnswer and truncateBody cut it',
  ),
);

/** The endpoints that a fault can be on. `any` is every request to the world. */
export const ENDPOINTS = ['token', 'authorize', 'introspect', 'revoke', 'vehicles', 'device', 'any'] as const;
export type Endpoint = (typeof ENDPOINTS)[number];

/**
 * The kinds of token requests. The server has no device flow (RFC 8628), so a fault on `device_code`, or on the endpoint
 * `device` where that flow begins, answers what the server would refuse.
 */
export const GRANT_TYPES = [
  'refresh_token',
  'authorization_code',
  'client_credentials',
  'device_code',
] as const;

/** Which requests a fault is for. All that is given must fit. */
export const faultTarget = v.strictObject({
  endpoint: v.optional(v.picklist(ENDPOINTS), 'token'),
  /** The kind of token request. */
  grantType: v.optional(v.picklist(GRANT_TYPES)),
  /** A client by the name that the world gives it. */
  client: v.optional(name),
  /** A grant by its name, such as `g1`. */
  grant: v.optional(name),
  /** Only the n-th request that fits, from 1, counted since the fault was armed. */
  nth: v.optional(count),
  /** Only every n-th request that fits. */
  every: v.optional(count),
  /** Each request that fits, with this chance; the seed of the world decides, so a run repeats. */
  probability: v.optional(v.pipe(v.number(), v.minValue(0), v.maxValue(1))),
  /** Only for so long after it was armed, by the clock of the world. */
  forSeconds: v.optional(v.pipe(v.number(), v.minValue(0), v.maxValue(10 * 365 * 86_400))),
});

const COMMIT_SIDES = ['beforeCommit', 'afterCommit'] as const;

/** How an answer is lost: by a reset (RST), a close (FIN), never at all, or in the middle of its body. */
export const LOSSES = ['reset', 'close', 'hang', 'halfBody'] as const;
export type Loss = (typeof LOSSES)[number];

/**
 * On which side of the server's work a made-up answer stands. `beforeCommit`: the server never sees the request.
 * `afterCommit`: it has done what was asked, and its own answer is replaced.
 */
const at = v.optional(v.picklist(COMMIT_SIDES), 'beforeCommit');

const loseAnswer = v.strictObject({
  /**
   * `beforeCommit`: the request ends where its transaction would begin, so nothing has happened. `afterCommit`: all has
   * happened, and the answer is lost.
   */
  loseAnswer: v.picklist(COMMIT_SIDES),
  how: v.optional(v.picklist(LOSSES), 'reset'),
  /** After so many bytes of the answer, its head included. Without it, none; for `halfBody`, half of the body. */
  afterBytes: v.optional(bytes),
});

const delaySeconds = v.strictObject({
  /** Seconds of the world by which the answer is late. Its work is done before. */
  delaySeconds: v.pipe(v.number(), v.minValue(0), v.maxValue(10 * 365 * 86_400)),
  /** Whether a frozen clock moves on by them, which is the default, or the answer waits until somebody moves it. */
  movesClock: v.optional(v.boolean(), true),
});

const delayMilliseconds = v.strictObject({
  /** Real milliseconds. */
  delayMilliseconds: v.pipe(v.number(), v.minValue(0), v.maxValue(REAL_WAIT_MAX_MS)),
  /** `request`: before the server gets it. `answer`: after its work is done. */
  of: v.optional(v.picklist(['request', 'answer']), 'answer'),
});

const statusCode = v.pipe(v.number(), v.integer(), v.minValue(200), v.maxValue(599));
const headers = v.optional(v.record(headerName, headerText));
/** A `Retry-After` header (RFC 9110 §10.2.3), as a number of seconds or as a moment of the server's clock. */
const retryAfter = v.optional(
  v.strictObject({
    seconds: v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(86_400)),
    as: v.optional(v.picklist(['seconds', 'date']), 'seconds'),
  }),
);

const status = v.strictObject({
  status: statusCode,
  headers,
  retryAfter,
  body: v.optional(v.pipe(v.string(), v.maxLength(BODY_MAX_CHARACTERS))),
  /** The page of a real gateway, with its headers. */
  bodyName: v.optional(v.picklist(Object.keys(GATEWAY_BODIES) as [string, ...string[]])),
  at,
});

const errorCode = v.strictObject({
  /**
   * An error in the form of the dialect that was asked. One of OAuth 2.0 comes with the code, the words and the status that
   * the dialect has for it; any other is sent as it is, with 400.
   */
  errorCode: v.pipe(v.string(), v.regex(/^[\x21-\x5b\x5d-\x7e]{1,64}$/, 'must be a word of visible ASCII')),
  description: v.optional(v.pipe(v.string(), v.maxLength(500))),
  /** Instead of that of the dialect. */
  status: v.optional(statusCode),
  headers,
  retryAfter,
  at,
});

const redirect = v.strictObject({
  /** Where to. */
  redirect: v.pipe(
    v.string(),
    v.url(),
    v.regex(/^[\x21-\x7e]*$/, 'must be visible ASCII without spaces'),
    v.maxLength(2048),
  ),
  status: v.optional(v.picklist([301, 302, 303, 307, 308]), 307),
  at,
});

const member = v.pipe(v.string(), v.minLength(1), v.maxLength(64));
const members = v.pipe(v.array(member), v.minLength(1), v.maxLength(16));

/**
 * What a fault can do, by the member that names it. The server's own answer is changed in the last five only. `status` is
 * last, because a redirect and an error may have one too.
 */
export const FAULT_ACTIONS = {
  loseAnswer,
  delaySeconds,
  delayMilliseconds,
  redirect,
  errorCode,
  /** The answer leaves after the one to the next request about the same grant; the client sends that on another connection. */
  lateAnswer: v.strictObject({ lateAnswer: v.literal(true) }),
  /** The server gets the request twice, as from a proxy that tries again; the client gets the second answer. */
  duplicateRequest: v.strictObject({ duplicateRequest: v.literal(true) }),
  /** The connection is reset before the request is read, as in a handshake: nothing was sent. */
  tls: v.strictObject({ tls: v.literal('reset') }),
  /** The body ends after so many bytes, in a complete answer. */
  truncateBody: v.strictObject({ truncateBody: bytes }),
  /** Members that the answer lacks, wherever they are in it. */
  omit: v.strictObject({ omit: members }),
  /** Members that the answer has twice. */
  repeat: v.strictObject({ repeat: members }),
  /** The refresh token that was sent comes back. */
  sameToken: v.strictObject({ sameToken: v.literal(true) }),
  /** Instead of the lifetime: any JSON value. */
  expiresIn: v.strictObject({ expiresIn: v.union([v.number(), v.string(), v.null(), v.boolean()]) }),
  status,
} as const;

export const faultAction = v.union(Object.values(FAULT_ACTIONS));

/** A fault to arm. */
export const newFault = v.strictObject({
  on: v.optional(faultTarget, {}),
  do: faultAction,
  /** How often it happens at most; then it is over. Once by default; always with `every` or `probability`. */
  times: v.optional(v.union([count, v.literal('always')])),
  /** The scenario that armed it, if one did. */
  scenario: v.optional(name),
});

export type NewFault = v.InferInput<typeof newFault>;
/** A fault whose defaults are filled in. */
export type ParsedFault = v.InferOutput<typeof newFault> & { readonly times: number | 'always' };
export type FaultTarget = v.InferOutput<typeof faultTarget>;
export type FaultAction = v.InferOutput<typeof faultAction>;

/** A fault that is armed, with how often it fitted and happened. */
export type Fault = ParsedFault & {
  readonly id: string;
  /** Requests that fitted its endpoint, client and grant. */
  readonly seen: number;
  readonly fired: number;
  readonly isOver: boolean;
};
