import { readSessionCookie, writeSessionCookie } from '../../admin/api/session-cookie.ts';
import type { AdminAnswer, AdminRequest } from '../../admin/exchange.ts';
import { fill, html } from '../../connect/pages/html.ts';
import type { Language } from '../../language.ts';
import { startOperatorSession, readLoginLink, takeLoginLink } from '../../operations/operator-sessions.ts';
import { recordAudit } from '../../operations/record-audit.ts';
import type { Operator } from '../../operators/operator.ts';
import type { ConsoleContext } from '../console-context.ts';
import { renderConsolePage, seeOther } from '../console-page.ts';
import { addressOf, endPage, keepPage, readPage } from './return-page.ts';
import { TEXTS } from '../texts/texts.ts';

export type SignInVisit = { readonly request: AdminRequest; readonly language: Language };

/** Where people sign in, with a link or without. */
export const SIGN_IN = '/console/login';
const COMMAND = 'keyfob console login';

/** Why somebody is not signed in; those of the provider have an event in the log. */
export type SignInFault = 'gone' | 'ended' | 'signedOut' | 'signedOutHere' | ProviderFault;
type ProviderFault = (typeof PROVIDER_FAULTS)[number];
const PROVIDER_FAULTS = ['unavailable', 'refused', 'answerInvalid', 'stale', 'noRole'] as const;

const OUTAGE_RETRY_SECONDS = 5;

/** The page for those who are not signed in. `fault`: why they are not. */
export const signInPage = (
  { provider }: ConsoleContext,
  { language, request }: SignInVisit,
  fault?: SignInFault,
  setCookie: readonly string[] = [],
): AdminAnswer => {
  const texts = TEXTS[language];
  const hasEvent = PROVIDER_FAULTS.some((one) => one === fault);
  const content = html`<section class="gate">
    <h1>${texts.signIn.title}</h1>
    ${fault !== undefined && html`<p class="${statusOf(fault) === 200 ? 'notice' : 'notice bad'}" role="alert">${texts.signIn[fault]}</p>`}
    ${hasEvent && html`<p class="quiet">${fill(texts.signIn.request, html`<code>${request.requestId}</code>`)}</p>`}
    <p class="lead">${texts.signIn.lead}</p>
    ${
      provider !== undefined &&
      html`<p><a class="button primary" href="/console/sign-in">${texts.signIn.byProvider}</a></p>`
    }
    <p>${texts.signIn.byLink}</p>
    <p><code class="command">${COMMAND}</code></p>
  </section>`;
  const answer = renderConsolePage(
    { status: statusOf(fault), title: texts.signIn.title, content, setCookie },
    { language, target: SIGN_IN },
  );
  const more = answer.status === 503 ? { 'Retry-After': String(OUTAGE_RETRY_SECONDS) } : {};
  return { ...answer, headers: { ...answer.headers, ...more } };
};

const statusOf = (fault: SignInFault | undefined): number => {
  if (fault === undefined || fault === 'signedOut' || fault === 'signedOutHere') return 200;
  return fault === 'unavailable' ? 503 : 403;
};

/**
 * Answers a request without a session. A page leads to the sign-in and from there back: a script that asks for one must not take
 * the sign-in for it. Of a form nothing is done or shown again.
 */
export const askToSignIn = (context: ConsoleContext, visit: SignInVisit): AdminAnswer => {
  const { request, language } = visit;
  const page = keepPage(context, request);
  if (request.method === 'POST') return signInPage(context, visit, 'ended', [page]);
  return isFromOtherSite(request)
    ? leadTo(addressOf(request.path, request.query), language)
    : seeOther(request.query.has('lang') ? `${SIGN_IN}?lang=${language}` : SIGN_IN, [page]);
};

/** Whether somebody followed a link of another site: then the browser has kept the cookie of the session back. */
const isFromOtherSite = ({ headers }: AdminRequest): boolean =>
  headers['sec-fetch-dest'] === 'document' &&
  ['cross-site', 'same-site'].some((site) => site === headers['sec-fetch-site']);

/** A page that leads to another, and not a redirect: the browser would not send a strict cookie along on the way from elsewhere. */
export const leadTo = (page: string, language: Language, setCookie: readonly string[] = []): AdminAnswer => {
  const { signIn } = TEXTS[language];
  const content = html`<p><a href="${page}">${signIn.go}</a></p>`;
  return renderConsolePage(
    { title: signIn.title, content, setCookie, refreshTo: page },
    { language, target: page },
  );
};

/** Shows whose link it is. Only the button uses it, because programs follow links before people do. */
export const linkPage = async (context: ConsoleContext, visit: SignInVisit): Promise<AdminAnswer> => {
  const { request, language } = visit;
  const texts = TEXTS[language];
  const secret = request.query.get('link');
  if (secret === null) return showSignIn(context, visit);
  const operator = await readLoginLink(context, secret);
  if (operator === undefined) return signInPage(context, visit, 'gone');
  const content = html`<section class="gate">
    <h1>${texts.signIn.title}</h1>
    <p class="lead">${texts.signIn.link}</p>
    <p>
      ${fill((slot) => texts.signIn.as(slot, texts.roles[operator.role]), html`<bdi>${operator.name}</bdi>`)}
    </p>
    <form method="post" action="${SIGN_IN}">
      <input type="hidden" name="link" value="${secret}" />
      <p><button class="primary">${texts.signIn.go}</button></p>
    </form>
  </section>`;
  const target = `${request.path}?${request.query.toString()}`;
  return renderConsolePage({ title: texts.signIn.title, content }, { language, target });
};

/** For a person who is signed in already, it leads on. */
const showSignIn = async (context: ConsoleContext, visit: SignInVisit): Promise<AdminAnswer> => {
  const { request } = visit;
  if ((await readSessionCookie(context, request)) !== undefined) return seeOther(readPage(context, request));
  const signedOut = request.query.get('signed-out');
  if (signedOut === null) return signInPage(context, visit);
  return signInPage(context, visit, signedOut === 'here' ? 'signedOutHere' : 'signedOut');
};

/** Uses a link. */
export const useLink = async (
  context: ConsoleContext,
  visit: SignInVisit,
  form: ReadonlyMap<string, string>,
): Promise<AdminAnswer> => {
  const operator = await takeLoginLink(context, form.get('link') ?? '');
  if (operator === undefined) return signInPage(context, visit, 'gone');
  const { request } = visit;
  const cookies = [await startSession(context, visit, operator), endPage(context, request)];
  return seeOther(readPage(context, request), cookies);
};

/** Starts a session, with its entry in the audit log; answers its cookie. */
export const startSession = async (
  context: ConsoleContext,
  { request }: SignInVisit,
  operator: Operator,
): Promise<string> => {
  const { requestId } = request;
  const audited = { operator, action: 'console.sign_in', target: '', reason: '', requestId };
  await recordAudit(context, audited, 'asked');
  return writeSessionCookie(context, request, await startOperatorSession(context, operator));
};
