import { toSeconds } from '../../clock.ts';
import type { Millis } from '../../clock.ts';
import type { Policy } from '../../clients/policy.ts';
import type { FieldFault, Refusal } from '../../errors.ts';
import type { Exchange, WireResponse } from '../../wire/exchange.ts';
import { withRefusalHeaders } from '../dialect.ts';
import { codeOf, MESSAGES, pleosRefusals } from './refusals.ts';

/** The last timestamp that was written: all answers of a second have the same one. */
let written = { second: Number.NaN, text: '' };

const writeTimestamp = (nowMs: Millis): string => {
  const second = toSeconds(nowMs);
  if (second !== written.second) written = { second, text: `${new Date(nowMs).toISOString().slice(0, 19)}Z` };
  return written.text;
};

const respond = (
  status: number,
  body: string,
  { requestId }: Exchange,
  headers: Readonly<Record<string, string>> = {},
): WireResponse => ({
  status,
  headers: {
    'Content-Type': 'application/json',
    'Cache-Control': 'no-store',
    'X-Request-Id': requestId,
    ...headers,
  },
  body,
});

/** A success as every Pleos page has it: the data, and beside it what is known about the answer. */
export const renderData = (data: object, exchange: Exchange): WireResponse =>
  renderText(JSON.stringify(data), exchange);

/** The same for a pair of tokens. Written as text, because tokens need no escaping. */
export const renderTokens = (accessToken: string, refreshToken: string, exchange: Exchange): WireResponse =>
  renderText(`{"accessToken":"${accessToken}","refreshToken":"${refreshToken}"}`, exchange);

const renderText = (data: string, exchange: Exchange): WireResponse => {
  const { nowMs, requestId } = exchange;
  const timestamp = writeTimestamp(nowMs);
  const meta = JSON.stringify({ code: 200, message: 'Success', success: 'true', timestamp, requestId });
  return respond(200, `{"data":${data},"meta":${meta}}`, exchange);
};

/** A refusal: an `error` and nothing beside it. `policy` is that of the client, where it is known. */
export const renderPleosRefusal = (
  refusal: Refusal,
  policy: Pick<Policy, 'dialectOptions'> | undefined,
  exchange: Exchange,
): WireResponse => {
  const { status, details: usualDetails = [], headers } = pleosRefusals[refusal.reason];
  const code = codeOf(refusal, policy);
  const details = refusal.details.length > 0 ? refusal.details : usualDetails;
  const words = { code, message: MESSAGES[code], details };
  return renderPleosError(status, words, exchange, withRefusalHeaders(refusal, headers));
};

/** An error in the envelope that every page has, with these words. */
export const renderPleosError = (
  status: number,
  words: { readonly code: string; readonly message: string; readonly details: readonly FieldFault[] },
  exchange: Exchange,
  headers?: Readonly<Record<string, string>>,
): WireResponse => {
  const { requestId, nowMs } = exchange;
  const error = { ...words, timestamp: writeTimestamp(nowMs), requestId };
  return respond(status, JSON.stringify({ error }), exchange, headers);
};
