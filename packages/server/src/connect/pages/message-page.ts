import type { Seconds } from '../../clock.ts';
import type { WireResponse } from '../../wire/exchange.ts';
import { RETRY_AFTER_SECONDS } from '../../dialects/dialect.ts';
import type { RefusalReason } from '../../errors.ts';
import { html } from './html.ts';
import type { Content } from './html.ts';
import { renderPage } from './page.ts';
import type { PageContext } from './page-context.ts';

type MessageName =
  | 'invalid'
  | 'clientNotAllowed'
  | 'redirectNotAllowed'
  | 'pageExpired'
  | 'cookiesBlocked'
  | 'linkExpired'
  | 'pageNotFound'
  | 'addressForApps'
  | 'requestTooLarge'
  | 'tooManyVisits'
  | 'unavailable'
  | 'broken'
  | 'vehiclesUnavailable'
  | 'signInUnavailable'
  | 'signInRefused'
  | 'signInNotConfigured';

type Message = {
  readonly status: number;
  /** What the owner can do next: send the same request again, continue with it, or return to the app. */
  readonly nextStep: 'tryAgain' | 'continue' | 'backToApp' | 'none';
};

const MESSAGES: Readonly<Record<MessageName, Message>> = {
  invalid: { status: 400, nextStep: 'backToApp' },
  clientNotAllowed: { status: 400, nextStep: 'backToApp' },
  redirectNotAllowed: { status: 400, nextStep: 'backToApp' },
  pageExpired: { status: 403, nextStep: 'continue' },
  cookiesBlocked: { status: 403, nextStep: 'tryAgain' },
  linkExpired: { status: 400, nextStep: 'backToApp' },
  pageNotFound: { status: 404, nextStep: 'none' },
  addressForApps: { status: 405, nextStep: 'none' },
  requestTooLarge: { status: 431, nextStep: 'backToApp' },
  tooManyVisits: { status: 429, nextStep: 'tryAgain' },
  unavailable: { status: 503, nextStep: 'tryAgain' },
  broken: { status: 500, nextStep: 'tryAgain' },
  vehiclesUnavailable: { status: 503, nextStep: 'tryAgain' },
  signInUnavailable: { status: 503, nextStep: 'tryAgain' },
  signInRefused: { status: 403, nextStep: 'tryAgain' },
  signInNotConfigured: { status: 503, nextStep: 'none' },
};

/** The status of the page with this message. */
export const statusOf = (name: MessageName): number => MESSAGES[name].status;

/**
 * Says what happened and what the owner can do about it, with the id of the request. `detail` is for the developer of the
 * client: which parameter is wrong, and how.
 */
export const renderMessage = (
  name: MessageName,
  pageContext: PageContext,
  {
    detail,
    extra,
    retryAfterSeconds = RETRY_AFTER_SECONDS,
  }: {
    readonly detail?: string | undefined;
    readonly extra?: Content;
    readonly retryAfterSeconds?: Seconds | undefined;
  } = {},
): WireResponse => {
  const { texts, target, requestId } = pageContext;
  const { status, nextStep } = MESSAGES[name];
  const { title, text } = texts.message[name];
  const isLink = nextStep === 'tryAgain' || nextStep === 'continue';
  const content = html`<div class="message" role="${status >= 500 ? 'alert' : 'status'}">
      <h1>${title}</h1>
      <p>${text}</p>
    </div>
    ${detail !== undefined && html`<p class="detail">${texts.message.forDevelopers}<br /><code>${detail}</code></p>`}
    ${nextStep === 'backToApp' && html`<p>${texts.message.backToApp}</p>`}
    ${isLink && html`<p class="actions"><a class="primary" href="${target}">${texts.message[nextStep]}</a></p>`}
    ${extra}
    <p class="reference">${texts.message.requestId} <code>${requestId}</code></p>`;
  const headers = status === 503 || status === 429 ? { 'Retry-After': String(retryAfterSeconds) } : {};
  return renderPage({ status, title, content, headers }, pageContext);
};

/** The messages for refusals; a reason that is not listed means an invalid request. */
const REFUSALS: Partial<Readonly<Record<RefusalReason, MessageName>>> = {
  client_unknown: 'clientNotAllowed',
  client_of_other_dialect: 'clientNotAllowed',
  client_disabled: 'clientNotAllowed',
  redirect_uri_missing: 'redirectNotAllowed',
  redirect_uri_unregistered: 'redirectNotAllowed',
  path_unknown: 'pageNotFound',
  method_not_allowed: 'addressForApps',
  headers_too_large: 'requestTooLarge',
  form_outdated: 'pageExpired',
  form_of_other_site: 'pageExpired',
  cookies_missing: 'cookiesBlocked',
  selection_expired: 'linkExpired',
  request_uri_invalid: 'linkExpired',
  request_uri_used: 'linkExpired',
  throttled: 'tooManyVisits',
  store_unavailable: 'unavailable',
  overloaded: 'unavailable',
};

export const messageOf = (reason: RefusalReason): MessageName => REFUSALS[reason] ?? 'invalid';
