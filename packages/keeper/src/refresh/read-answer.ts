import type { AnswerClass } from '../grants/answer-class.ts';
import type { StatedLifetimes } from '../grants/expiry.ts';
import type { Pair } from '../grants/grant.ts';
import type { Provider } from '../providers/provider.ts';
import { textAt } from '../providers/text-at.ts';
import type { Millis } from '../time.ts';
import type { Exchange } from './exchange.ts';
import { parseCut, parseJson, parseSuccess } from './parse-body.ts';
import { readPair, statedIn } from './read-pair.ts';

/** What an exchange says. `pair` and `body` are secret. */
export type Answer = {
  readonly class: AnswerClass;
  /** Whether the provider may still be at work on the request. */
  readonly silence: 'cut' | 'answered';
  /** What a `usable` answer gives; without an access token where it is `refresh_only`. */
  readonly pair?: Pair;
  readonly stated: StatedLifetimes;
  readonly status: number | undefined;
  /** As it came, or the pair that was read from it. Kept encrypted where it is not stored as a pair. */
  readonly body: string;
  /** The provider's code, or what happened to the connection. For people; no part of a token. */
  readonly code: string;
  readonly requestId: string | undefined;
  readonly retryAfterMs: Millis | undefined;
  /** The provider's clock. */
  readonly providerMs: Millis | undefined;
};

/**
 * Reads how an exchange ended. Pure, and total: nothing that a provider sends makes it throw. `sent` is the refresh token that was
 * sent, where there was one.
 */
export const readAnswer = (provider: Provider, exchange: Exchange, nowMs: Millis, sent?: string): Answer => {
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
    const saved = savePart(provider, exchange, sent);
    if (saved !== undefined)
      return {
        ...nothing,
        ...saved,
        silence: 'answered',
        status: exchange.status,
        code: 'saved',
      };
    return { ...nothing, class: 'ambiguous', silence: 'cut', status: exchange.status, code: exchange.why };
  }
  const { status, headers } = exchange;
  const isSuccess = status >= 200 && status < 300;
  const body = isSuccess ? parseSuccess(exchange.body) : parseJson(exchange.body);
  const code = textAt(body, provider.refusal.code);
  const common = {
    status,
    body: exchange.body,
    stated: statedIn(provider, body),
    requestId: requestIdOf(provider, body, headers),
    retryAfterMs: retryAfterOf(headers, nowMs),
    providerMs: momentOf(headers['date'] ?? textAt(body, 'meta.timestamp')),
  };
  const pair = isSuccess ? pairOf(provider, body, code, sent) : undefined;
  if (pair !== undefined) return { ...common, class: classOf(pair), silence: 'answered', pair, code: 'ok' };
  const found = classify(provider, { status, body, code, hasRetryAfter: common.retryAfterMs !== undefined });
  // A gateway that gave up, or another that we cannot read, says nothing about who is still at work behind it.
  const silence = status === 502 || status === 504 || status === 408 || status < 400 ? 'cut' : 'answered';
  return { ...common, class: found, silence, code: shortCode(code ?? `http_${status}`) };
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

/**
 * The tokens in a success that was cut off after the refresh token. Half a token is none, and an access token alone leaves open
 * what happened to the one that was sent.
 */
const savePart = (
  provider: Provider,
  { status = 0, partOfBody = '' }: { readonly status?: number; readonly partOfBody?: string },
  sent: string | undefined,
): Pick<Answer, 'class' | 'pair' | 'stated' | 'body'> | undefined => {
  if (status < 200 || status >= 300) return undefined;
  const body = parseCut(partOfBody);
  const pair = pairOf(provider, body, textAt(body, provider.refusal.code), sent);
  if (pair?.refreshToken === undefined) return undefined;
  return { class: classOf(pair), pair, stated: statedIn(provider, body), body: partOfBody };
};

/** The tokens of a success. Beside both tokens, a code that the profile does not list says nothing: some servers send "0". */
const pairOf = (
  provider: Provider,
  body: unknown,
  code: string | undefined,
  sent: string | undefined,
): Pair | undefined => {
  const pair = readPair(provider, body, sent);
  if (pair === undefined || code === undefined) return pair;
  const isWhole = pair.accessToken !== '' && pair.refreshToken !== undefined;
  return isWhole && !Object.hasOwn(provider.codes, code) ? pair : undefined;
};

const classOf = ({ accessToken }: Pair): 'usable' | 'refresh_only' =>
  accessToken === '' ? 'refresh_only' : 'usable';

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
