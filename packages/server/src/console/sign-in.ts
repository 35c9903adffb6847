import { readCookie, writeCookie, writeSessionCookie } from '../admin/api/session-cookie.ts';
import type { AdminAnswer, AdminRequest } from '../admin/exchange.ts';
import { html } from '../connect/pages/html.ts';
import { SignInError } from '../connect/sign-in/sign-in-error.ts';
import { startOperatorSession, readLoginLink, takeLoginLink } from '../operations/operator-sessions.ts';
import { recordAudit } from '../operations/record-audit.ts';
import type { Operator } from '../operators/operator.ts';
import { readOwnClients, roleOfClaim } from '../operators/role.ts';
import type { ConsoleContext } from './console-context.ts';
import { renderConsolePage, seeOther } from './console-page.ts';
import { TEXTS } from './texts.ts';
import type { Language } from './texts.ts';

type SignInVisit = { readonly request: AdminRequest; readonly language: Language };

const ATTEMPT = 'keyfob-operator-attempt';
const ATTEMPT_SECONDS = 600;
const CALLBACK = '/console/callback';
const COMMAND = 'keyfob console login';

/** The page for those who are not signed in. `fault`: why they are not. */
export const signInPage = (
  { provider }: ConsoleContext,
  { request, language }: SignInVisit,
  fault?: 'gone' | 'refused' | 'signedOut',
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
    { status, title: texts.signIn.title, content },
    { language, target: request.path },
  );
};

/** Shows whose link it is. Only the button uses it, because programs follow links before people do. */
export const linkPage = async (context: ConsoleContext, visit: SignInVisit): Promise<AdminAnswer> => {
  const { request, language } = visit;
  const texts = TEXTS[language];
  const secret = request.query.get('link') ?? '';
  const operator = await readLoginLink(context, secret);
  if (operator === undefined) return signInPage(context, visit, 'gone');
  const content = html`<section class="gate">
    <h1>${texts.signIn.title}</h1>
    <p class="lead">${texts.signIn.link}</p>
    <p>${texts.signIn.as(operator.name, operator.role)}</p>
    <form method="post" action="/console/login">
      <input type="hidden" name="link" value="${secret}" />
      <p><button class="primary">${texts.signIn.go}</button></p>
    </form>
  </section>`;
  const target = `${request.path}?${request.query.toString()}`;
  return renderConsolePage({ title: texts.signIn.title, content }, { language, target });
};

/** Uses a link. */
export const useLink = async (
  context: ConsoleContext,
  visit: SignInVisit,
  form: ReadonlyMap<string, string>,
): Promise<AdminAnswer> => {
  const operator = await takeLoginLink(context, form.get('link') ?? '');
  if (operator === undefined) return signInPage(context, visit, 'gone');
  return seeOther('/console', [await start(context, visit, operator)]);
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
    // A page, not a redirect: the browser would not send a strict cookie along on the way from the provider.
    const texts = TEXTS[language];
    const ended = writeCookie(context, request, ATTEMPT, '', { seconds: 0, sameSite: 'Lax' });
    return renderConsolePage(
      {
        title: texts.signIn.title,
        content: html`<p><a href="/console">${texts.signIn.go}</a></p>`,
        setCookie: [cookie, ended],
        refreshTo: '/console',
      },
      { language, target: '/console' },
    );
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
