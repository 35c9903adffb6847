import type { AnswerClass } from '../grants/answer-class.ts';
import type { StatedLifetimes } from '../grants/expiry.ts';
import type { Pair } from '../grants/grant.ts';
import type { AnswerField, Provider } from '../providers/provider.ts';
import { hasControls } from '../has-controls.ts';
import { textAt } from '../providers/text-at.ts';
import type { Millis } from '../time.ts';
import type { Exchange } from './exchange.ts';

/** What an exchange says. `pair` and `body` are secret. */
export type Answer = {
  readonly class: AnswerClass;
  /** Whether the provider may still be at work on the request. */
  readonly silence: 'cut' | 'answered';
  /** What a `usable` answer gives. */
  readonly pair?: Pair;
  readonly stated: StatedLifetimes;
  readonly status: number | undefined;
  /** As it came; what was saved of a cut one is completed. Kept encrypted where it is not stored as a pair. */
  readonly body: string;
  /** The provider's code, or what happened to the connection. For people; no part of a token. */
  readonly code: string;
  readonly requestId: string | undefined;
  readonly retryAfterMs: Millis | undefined;
  /** The provider's clock. */
  readonly providerMs: Millis | undefined;
};

/** Reads how an exchange ended. Pure, and total: nothing that a provider sends makes it throw. */
export const readAnswer = (provider: Provider, exchange: Exchange, nowMs: Millis): Answer => {
  const nothing = {
    body: '',
    stated: {},
    requestId: undefined,
    retryAfterMs: undefined,
    providerMs: undefined,
  };
  if (exchange.kind === 'not_sent')
    return { ...nothing, class: 'not_sent', silence: 'answered', status: undefined, code: exchange.why };
  if (exchange.kind === 'unanswered') {
    const saved = savePart(provider, exchange);
    if (saved !== undefined)
      return {
        ...nothing,
        ...saved,
        class: 'usable',
        silence: 'answered',
        status: exchange.status,
        code: 'saved',
      };
    return { ...nothing, class: 'ambiguous', silence: 'cut', status: exchange.status, code: exchange.why };
  }
  const { status, headers } = exchange;
  const body = parseJson(exchange.body);
  const code = textAt(body, provider.refusal.code);
  const common = {
    status,
    body: exchange.body,
    stated: statedIn(provider, body),
    requestId: requestIdOf(provider, body, headers),
    retryAfterMs: retryAfterOf(headers, nowMs),
    providerMs: momentOf(headers['date'] ?? textAt(body, 'meta.timestamp')),
  };
  const isSuccess = status >= 200 && status < 300;
  const pair = isSuccess && code === undefined ? readPair(provider, body) : undefined;
  if (pair !== undefined) return { ...common, class: 'usable', silence: 'answered', pair, code: 'ok' };
  const found = classify(provider, { status, body, code, hasRetryAfter: common.retryAfterMs !== undefined });
  // A gateway that gave up, or another that we cannot read, says nothing about who is still at work behind it.
  const silence = status === 502 || status === 504 || status === 408 || status < 400 ? 'cut' : 'answered';
  return { ...common, class: found, silence, code: shortCode(code ?? `http_${status}`) };
};

/**
 * The two tokens of a success; `undefined` where there is no access token, or one that no header can hold: a client would quote it in
 * its error.
 */
export const readPair = (provider: Provider, body: unknown): Pair | undefined => {
  const at = (field: AnswerField): string | undefined => {
    const path = provider.answer[field];
    return path === undefined ? undefined : textAt(body, path);
  };
  const accessToken = at('accessToken');
  if (accessToken === undefined || accessToken === '' || hasControls(accessToken)) return undefined;
  const refreshToken = at('refreshToken');
  return {
    accessToken,
    refreshToken: refreshToken === '' ? undefined : refreshToken,
    ...(at('scope') === undefined ? {} : { scope: at('scope') }),
  };
};

/** What a body says about lifetimes. Nonsense counts as nothing. */
export const statedIn = ({ answer }: Provider, body: unknown): StatedLifetimes => ({
  expiresIn: secondsAt(body, answer.expiresIn),
  refreshExpiresIn: secondsAt(body, answer.refreshExpiresIn),
});

/** A body as JSON; `undefined` where it is none. */
export const parseJson = (text: string): unknown => {
  try {
    return JSON.parse(text.replace(/^\uFEFF/, '')) as unknown;
  } catch {
    return undefined;
  }
};

const classify = (
  provider: Provider,
  seen: { status: number; body: unknown; code: string | undefined; hasRetryAfter: boolean },
): AnswerClass => {
  const { status, body, code, hasRetryAfter } = seen;
  // A gateway may ask for patience after the provider has used the token. A repeat finds out, where one is allowed.
  const isRepeatable = provider.repeats.kind === 'overlap';
  if (status === 429 || (status === 503 && hasRetryAfter && !isRepeatable)) return 'rate_limited';
  if (status >= 500 || status === 408 || status < 200) return 'ambiguous';
  // A redirect, for example to a page about maintenance. The request may have been processed before.
  if (status >= 300 && status < 400) return 'ambiguous';
  // Some servers send their refusals with the status of a success.
  if (status < 300 && code === undefined) return 'unusable';
  const field = provider.refusal.field === undefined ? undefined : textAt(body, provider.refusal.field);
  const complaint = field === undefined ? undefined : provider.complaints[field];
  if (complaint !== undefined) return complaint;
  if (code !== undefined && Object.hasOwn(provider.codes, code))
    return provider.codes[code] ?? 'unrecognised';
  if (status < 300) return 'unusable';
  if (status === 404 || status === 405 || status === 415) return 'client_rejected';
  return 'unrecognised';
};

const CLOSINGS = ['', '}', '}}'];
const CUTS_MAX = 12;

/**
 * The pair in a success that was cut off after both tokens: whole members up to some comma, and the missing brackets. A
 * token without its closing quotation mark is none.
 */
const savePart = (
  provider: Provider,
  { status = 0, partOfBody = '' }: { readonly status?: number; readonly partOfBody?: string },
): Pick<Answer, 'pair' | 'stated' | 'body'> | undefined => {
  if (status < 200 || status >= 300) return undefined;
  let part = partOfBody;
  for (let cuts = 0; cuts < CUTS_MAX && part !== ''; cuts++) {
    for (const closing of CLOSINGS) {
      const body = parseJson(part + closing);
      const pair = readPair(provider, body);
      if (pair?.refreshToken !== undefined && textAt(body, provider.refusal.code) === undefined)
        return { pair, stated: statedIn(provider, body), body: part + closing };
    }
    part = part.slice(0, Math.max(0, part.lastIndexOf(',')));
  }
  return undefined;
};

const secondsAt = (body: unknown, path: string | undefined): number | undefined => {
  const value = Number(path === undefined ? undefined : textAt(body, path));
  return Number.isFinite(value) && value > 0 && value < 1e10 ? Math.floor(value) : undefined;
};

const REQUEST_ID_HEADERS = ['sc-request-id', 'x-request-id', 'request-id', 'x-amzn-requestid'];

const requestIdOf = (
  { answer }: Provider,
  body: unknown,
  headers: Readonly<Record<string, string>>,
): string | undefined => {
  const inBody = answer.requestId === undefined ? undefined : textAt(body, answer.requestId);
  const id = inBody ?? REQUEST_ID_HEADERS.map((name) => headers[name]).find((value) => value !== undefined);
  return id?.slice(0, 100);
};

const PAUSE_MAX_MS = 3_600_000;

/** Retry-After in seconds or as a date; an hour at most, because some servers send nonsense. */
const retryAfterOf = (headers: Readonly<Record<string, string>>, nowMs: Millis): Millis | undefined => {
  const text = headers['retry-after']?.trim();
  if (text === undefined || text === '') return undefined;
  const ms = /^\d+$/.test(text) ? Number(text) * 1000 : (momentOf(text) ?? Number.NaN) - nowMs;
  return Number.isNaN(ms) ? undefined : Math.min(PAUSE_MAX_MS, Math.max(0, ms));
};

const momentOf = (text: string | undefined): Millis | undefined => {
  const ms = text === undefined ? Number.NaN : Date.parse(text);
  return Number.isNaN(ms) ? undefined : ms;
};

/** A code as it may stand in a log: a provider that puts a token there is not quoted. */
const shortCode = (code: string): string => (/^[\w.-]{1,40}$/.test(code) ? code : 'unprintable');
