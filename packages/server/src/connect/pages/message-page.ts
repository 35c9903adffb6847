import type { WireResponse } from '../../wire/exchange.ts';
import { RETRY_AFTER_SECONDS } from '../../dialects/dialect.ts';
import type { RefusalReason } from '../../errors.ts';
import { html } from './html.ts';
import type { Content } from './html.ts';
import { renderPage } from './page.ts';
import type { PageContext } from './page-context.ts';

type MessageName =
  | 'invalid'
  | 'clientUnknown'
  | 'redirectWrong'
  | 'stale'
  | 'selectionOver'
  | 'methodWrong'
  | 'away'
  | 'vehiclesAway'
  | 'signInAway'
  | 'signInRefused'
  | 'notConfigured';

type Message = {
  readonly status: number;
  /** What is offered: the same again, going on where the owner was, or only the way back to the app. */
  readonly offers: 'tryAgain' | 'goOn' | 'backToApp' | 'nothing';
};

const MESSAGES: Readonly<Record<MessageName, Message>> = {
  invalid: { status: 400, offers: 'backToApp' },
  clientUnknown: { status: 400, offers: 'backToApp' },
  redirectWrong: { status: 400, offers: 'backToApp' },
  stale: { status: 403, offers: 'goOn' },
  selectionOver: { status: 400, offers: 'backToApp' },
  methodWrong: { status: 405, offers: 'nothing' },
  away: { status: 503, offers: 'tryAgain' },
  vehiclesAway: { status: 503, offers: 'tryAgain' },
  signInAway: { status: 503, offers: 'tryAgain' },
  signInRefused: { status: 403, offers: 'tryAgain' },
  notConfigured: { status: 503, offers: 'nothing' },
};

/** Tells an owner what happened, and what can be done about it. `detail` is for who builds the app. */
export const renderMessage = (
  name: MessageName,
  pageContext: PageContext,
  { detail, extra }: { readonly detail?: string | undefined; readonly extra?: Content } = {},
): WireResponse => {
  const { texts, target } = pageContext;
  const { status, offers } = MESSAGES[name];
  const { title, text } = texts.message[name];
  const isLink = offers === 'tryAgain' || offers === 'goOn';
  const content = html`<div class="message" role="${status >= 500 ? 'alert' : 'status'}">
      <h1>${title}</h1>
      <p>${text}</p>
    </div>
    ${detail !== undefined && html`<p class="detail"><code>${detail}</code></p>`}
    ${offers === 'backToApp' && html`<p>${texts.message.backToApp}</p>`}
    ${isLink && html`<p class="actions"><a class="primary" href="${target}">${texts.message[offers]}</a></p>`}
    ${extra}`;
  const headers = status === 503 ? { 'Retry-After': String(RETRY_AFTER_SECONDS) } : {};
  return renderPage({ status, title, content, headers }, pageContext);
};

/** Which message a refusal is; every other reason is a request that cannot be answered. */
const REFUSALS: Partial<Readonly<Record<RefusalReason, MessageName>>> = {
  client_unknown: 'clientUnknown',
  client_of_other_dialect: 'clientUnknown',
  client_disabled: 'clientUnknown',
  redirect_uri_missing: 'redirectWrong',
  redirect_uri_unregistered: 'redirectWrong',
  method_not_allowed: 'methodWrong',
  store_unavailable: 'away',
  overloaded: 'away',
};

export const messageOf = (reason: RefusalReason): MessageName => REFUSALS[reason] ?? 'invalid';
