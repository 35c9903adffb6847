import { MAY_BE_CLIENT } from '../grants/answer-class.ts';
import type { Client } from '../providers/clients.ts';
import type { Tokens } from '../putting/put.ts';
import type { Engine } from '../refresh/engine.ts';
import { readAnswer } from '../refresh/read-answer.ts';
import type { Answer } from '../refresh/read-answer.ts';
import { fillPlaceholders, writeTokenRequest } from '../refresh/write-request.ts';
import { seconds } from '../time.ts';
import type { Ticket } from './ticket.ts';

/** What became of a code. */
export type ExchangedCode =
  | { readonly status: 'exchanged'; readonly tokens: Tokens }
  /** The provider refuses the code, or us. Another consent may help, or a look at the client's registration. */
  | { readonly status: 'refused'; readonly code: string }
  /** Not now. The provider has not looked at the code: it may be sent again. */
  | { readonly status: 'unavailable'; readonly code: string }
  /** It was sent, and may have been used. A second use would end what the first one gave (RFC 6749 §4.1.2). */
  | { readonly status: 'unanswered'; readonly code: string };

/**
 * Exchanges a code for the first pair, with the client's own authentication. `maySend` is asked before each send, when the connection
 * stands. Nobody can cut it short.
 */
export const exchangeCode = async (
  engine: Engine,
  client: Client,
  { ticket, code, maySend }: { readonly ticket: Ticket; readonly code: string; maySend(): Promise<boolean> },
): Promise<ExchangedCode> => {
  const { consent, url, exchangeSeconds } = client.provider;
  if (consent === undefined) return { status: 'refused', code: 'no_consent' };
  const { fields, constants } = consent.code;
  const members: Record<string, string> = { ...fillPlaceholders(constants, ticket.params) };
  if (fields.grantType !== undefined) members[fields.grantType] = 'authorization_code';
  if (fields.code !== undefined) members[fields.code] = code;
  if (fields.redirectUri !== undefined) members[fields.redirectUri] = ticket.redirectUri;
  if (ticket.verifier !== undefined) members['code_verifier'] = ticket.verifier;
  let answer: Answer | undefined;
  for (const secret of engine.book.secrets(ticket.client)) {
    const request = writeTokenRequest(client, {
      url: consent.code.url ?? url,
      members,
      secret,
      params: ticket.params,
    });
    const sentAtMs = engine.store.nowMs();
    const options = { deadlineMs: seconds(exchangeSeconds), maySend, clock: engine.clock };
    answer = readAnswer(client.provider, await engine.transport(request, options), engine.store.nowMs());
    if (answer.pair !== undefined)
      return {
        status: 'exchanged',
        tokens: { ...answer.pair, ...answer.stated, obtainedAtMs: sentAtMs },
      };
    // During a change of secrets the next one may be the right one.
    if (!MAY_BE_CLIENT.has(answer.class)) break;
  }
  return answer === undefined
    ? { status: 'refused', code: 'no_secret' }
    : { status: endingOf(answer), code: answer.code };
};

/** With 503 a server says that it does nothing at this moment. Any other outage leaves open whether the code was used. */
const SERVICE_UNAVAILABLE = 503;

const endingOf = ({ class: found, status }: Answer): 'unavailable' | 'unanswered' | 'refused' => {
  if (found === 'not_sent' || found === 'rate_limited') return 'unavailable';
  if (found === 'ambiguous') return status === SERVICE_UNAVAILABLE ? 'unavailable' : 'unanswered';
  return found === 'unusable' ? 'unanswered' : 'refused';
};
