import {
  readCookie,
  readSessionCookie,
  writeCookie,
  writeSessionCookie,
} from '../admin/api/session-cookie.ts';
import type { AdminAnswer, AdminRequest } from '../admin/exchange.ts';
import { html } from '../connect/pages/html.ts';
import { SignInError } from '../connect/sign-in/sign-in-error.ts';
import type { Language } from '../language.ts';
import { startOperatorSession, readLoginLink, takeLoginLink } from '../operations/operator-sessions.ts';
import { recordAudit } from '../operations/record-audit.ts';
import type { Operator } from '../operators/operator.ts';
import { readOwnClients, roleOfClaim } from '../operators/role.ts';
import type { ConsoleContext } from './console-context.ts';
import { renderConsolePage, seeOther } from './console-page.ts';
import { addressOf, endPage, keepPage, readPage } from './return-page.ts';
import { TEXTS } from './texts/texts.ts';

type SignInVisit = { readonly request: AdminRequest; readonly language: Language };

const ATTEMPT = 'keyfob-operator-attempt';
const ATTEMPT_SECONDS = 600;
/** Where people sign in, with a link or without. */
export const SIGN_IN = '/console/login';
const CALLBACK = '/console/callback';
const COMMAND = 'keyfob console login';

/** The page for those who are not signed in. `fault`: why they are not. */
export const signInPage = (
  { provider }: ConsoleContext,
  { language }: SignInVisit,
  fault?: 'gone' | 'refused' | 'ended' | 'signedOut',
  setCookie: readonly string[] = [],
): AdminAnswer => {
  const texts = TEXTS[language];
  const content = html`<section class="gate">
    <h1>${texts.signIn.title}</h1>
    ${fault !== undefined && html`<p class="${fault === 'signedOut' ? 'notice' : 'notice bad'}" role="alert">${texts.signIn[fault]}</p>`}
    <p class="lead">${texts.signIn.lead}</p>
    ${
      provider !== undefined &&
      html`<p><a class="button primary" href="/console/sign-in">${texts.signIn.byProvider}</a></p>`
    }
    <p>${texts.signIn.byLink}</p>
    <p><code class="command">${COMMAND}</code></p>
  </section>`;
  const status = fault === undefined || fault === 'signedOut' ? 200 : 403;
  return renderConsolePage(
    { status, title: texts.signIn.title, content, setCookie },
    { language, target: SIGN_IN },
  );
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
const leadTo = (page: string, language: Language, setCookie: readonly string[] = []): AdminAnswer => {
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
    <p>${texts.signIn.as(operator.name, texts.roles[operator.role])}</p>
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
  return signInPage(context, visit, request.query.has('signed-out') ? 'signedOut' : undefined);
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
  const cookies = [await start(context, visit, operator), endPage(context, request)];
  return seeOther(readPage(context, request), cookies);
};

/** Starts a session, with its entry in the audit log; answers its cookie. */
const start = async (
  context: ConsoleContext,
  { request }: SignInVisit,
  operator: Operator,
): Promise<string> => {
  const { requestId } = request;
  const audited = { operator, action: 'console.sign_in', target: '', reason: '', requestId };
  await recordAudit(context, audited, 'asked');
  return writeSessionCookie(context, request, await startOperatorSession(context, operator));
};

/** Sends the browser to the provider. What its answer is checked against is in a cookie that comes along from there. */
export const beginAtProvider = async (context: ConsoleContext, visit: SignInVisit): Promise<AdminAnswer> => {
  const { provider, randomness } = context;
  if (provider === undefined) return signInPage(context, visit);
  const secret = (): string => randomness.bytes(32).toString('base64url');
  const attempt = { state: secret(), nonce: secret(), codeVerifier: secret() };
  const redirectUri = `${originOf(context, visit)}${CALLBACK}`;
  const options = { redirectUri, language: visit.language, isFresh: false };
  try {
    const location = await provider.upstream.begin(attempt, options);
    const { state, nonce, codeVerifier } = attempt;
    const value = [state, nonce, codeVerifier].join('.');
    const cookie = writeCookie(context, visit.request, ATTEMPT, value, {
      seconds: ATTEMPT_SECONDS,
      sameSite: 'Lax',
    });
    return seeOther(location, [cookie]);
  } catch (error) {
    return refuse(context, visit, error);
  }
};

/** Reads the answer of the provider. Nobody without a role gets in. */
export const finishAtProvider = async (context: ConsoleContext, visit: SignInVisit): Promise<AdminAnswer> => {
  const { provider } = context;
  const { request, language } = visit;
  const [state = '', nonce = '', codeVerifier = ''] = (readCookie(context, request, ATTEMPT) ?? '').split(
    '.',
  );
  if (provider === undefined || codeVerifier === '') return signInPage(context, visit, 'refused');
  try {
    const url = new URL(`${originOf(context, visit)}${CALLBACK}?${request.query.toString()}`);
    const { owner, claims } = await provider.upstream.finish(url, { state, nonce, codeVerifier });
    const role = roleOfClaim(provider.roles, claims[provider.roleClaim]);
    const clientIds = role === 'developer' ? readOwnClients(claims[provider.clientsClaim]) : undefined;
    if (role === undefined || clientIds?.length === 0) return signInPage(context, visit, 'refused');
    const name = owner.name === '' ? owner.subject : owner.name;
    const operator: Operator = { kind: 'provider', id: owner.subject, name, role, clientIds };
    const cookie = await start(context, visit, operator);
    const ended = writeCookie(context, request, ATTEMPT, '', { seconds: 0, sameSite: 'Lax' });
    return leadTo(readPage(context, request), language, [cookie, ended, endPage(context, request)]);
  } catch (error) {
    return refuse(context, visit, error);
  }
};

/** Where browsers reach the console. The host was checked before. */
const originOf = ({ publicUrl }: ConsoleContext, { request }: SignInVisit): string =>
  publicUrl ?? `http://${request.headers.host ?? ''}`;

/** What the provider refused, or what its answer lacks, is for the log; a failure of the store is not its fault. */
const refuse = (context: ConsoleContext, visit: SignInVisit, error: unknown): AdminAnswer => {
  if (!(error instanceof SignInError)) throw error;
  return signInPage(context, visit, 'refused');
};
