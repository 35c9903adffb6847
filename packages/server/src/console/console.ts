import { MethodUnknown, Problem } from '../admin/api/problem.ts';
import {
  endSessionCookie,
  isFormTokenOf,
  isOwnSite,
  readSessionCookie,
} from '../admin/api/session-cookie.ts';
import type { BrowserSession } from '../admin/api/session-cookie.ts';
import type { AdminAnswer, AdminPages, AdminRequest } from '../admin/exchange.ts';
import { StoreError } from '../errors.ts';
import type { Language } from '../language.ts';
import { endOperatorSession } from '../operations/operator-sessions.ts';
import type { ConsoleContext } from './console-context.ts';
import { renderConsolePage, seeOther } from './console-page.ts';
import { findRoute, methodsOfPage } from './console-routes.ts';
import { visitOf } from './console-visit.ts';
import { renderFault } from './fault-page.ts';
import { keepLanguage, languageOf } from './language-choice.ts';
import { FORM_TOKEN } from './pages/parts.ts';
import { beginAtProvider, finishAtProvider } from './sign-in/provider-sign-in.ts';
import { askToSignIn, linkPage, SIGN_IN, signInPage, useLink } from './sign-in/sign-in.ts';
import { SCRIPT, STYLESHEET } from './static-files.ts';

const FORM_TYPE = /^application\/x-www-form-urlencoded\s*(?:;|$)/i;

/** The fields of a form; empty for anything else. */
const readForm = ({ method, headers, body }: AdminRequest): ReadonlyMap<string, string> =>
  method === 'POST' && FORM_TYPE.test(headers['content-type'] ?? '')
    ? new Map(new URLSearchParams(body))
    : new Map();

const methodOf = ({ method }: AdminRequest): string => (method === 'HEAD' ? 'GET' : method);

/** The console, below `/console`. */
export const createConsole = (context: ConsoleContext): AdminPages => {
  const files = new Map([STYLESHEET, SCRIPT].map(({ path, answer }) => [path, answer]));
  return async (request) => {
    const file = files.get(request.path);
    if (file !== undefined && methodOf(request) === 'GET') return file;
    const language = languageOf(request);
    return keepLanguage(await answerIn(context, request, language), request, language);
  };
};

/** An answer in this language. */
const answerIn = async (
  context: ConsoleContext,
  request: AdminRequest,
  language: Language,
): Promise<AdminAnswer> => {
  const { path } = request;
  const method = methodOf(request);
  const gate = { request, language };
  const methods = methodsOf(path);
  if (!methods.includes(method)) return renderFault(new MethodUnknown(methods), language, request);
  try {
    switch (`${method} ${path}`) {
      case `GET ${SIGN_IN}`:
        return await linkPage(context, gate);
      case `POST ${SIGN_IN}`:
        return isSentByPage(context, request)
          ? await useLink(context, gate, readForm(request))
          : signInPage(context, gate, 'gone');
      case 'GET /console/sign-in':
        return await beginAtProvider(context, gate);
      case 'GET /console/callback':
        return await finishAtProvider(context, gate);
    }
    const session = await readSessionCookie(context, request);
    if (session === undefined) return path === SIGN_OUT ? seeOther(SIGNED_OUT) : askToSignIn(context, gate);
    return await answerOperator(context, request, language, session);
  } catch (error) {
    if (!(error instanceof StoreError)) throw error;
    return renderFault(error, language, request);
  }
};

/** Browsers name the origin of every form; one without it comes from none. */
const isSentByPage = (context: ConsoleContext, request: AdminRequest): boolean =>
  request.headers.origin !== undefined && isOwnSite(context, request);

/** An answer to somebody who is signed in. */
const answerOperator = async (
  context: ConsoleContext,
  request: AdminRequest,
  language: Language,
  session: BrowserSession,
): Promise<AdminAnswer> => {
  const method = methodOf(request);
  const form = readForm(request);
  const found = findRoute(method, request.path);
  const visit = visitOf(context, { request, language, session, form, path: found?.path ?? {} });
  const target = targetOf(request);
  if (
    method !== 'GET' &&
    !(isSentByPage(context, request) && isFormTokenOf(session, form.get(FORM_TOKEN) ?? ''))
  )
    return renderFault(new Problem('other_site'), language, request, visit);
  if (request.path === SIGN_OUT) {
    await endOperatorSession(context, session.secret);
    const isKnownElsewhere = session.operator.kind === 'provider';
    return seeOther(isKnownElsewhere ? `${SIGNED_OUT}=here` : SIGNED_OUT, [
      endSessionCookie(context, request),
    ]);
  }
  if (found === undefined) return renderFault(new Problem('not_found'), language, request, visit);
  try {
    const page = await found.route.handle(visit, context);
    if (typeof page === 'string') return seeOther(page);
    return renderConsolePage(page, { language, visit, target });
  } catch (error) {
    if (error instanceof Problem || error instanceof StoreError)
      return renderFault(error, language, request, visit);
    throw error;
  }
};

const SIGN_OUT = '/console/sign-out';
const SIGNED_OUT = `${SIGN_IN}?signed-out`;
/** What is neither a page nor a form of one. */
const GATE_METHODS: Readonly<Record<string, readonly string[]>> = {
  [SIGN_IN]: ['GET', 'POST'],
  [SIGN_OUT]: ['POST'],
  '/console/sign-in': ['GET'],
  '/console/callback': ['GET'],
};

/** What may be sent to a path. One where nothing is takes both: the answer to that is another. */
const methodsOf = (path: string): readonly string[] => {
  const methods = methodsOfPage(path);
  return GATE_METHODS[path] ?? (methods.length === 0 ? ['GET', 'POST'] : methods);
};

/** The address of a page, for a switch of language; a form leads back to the start. */
const targetOf = ({ method, path, query }: AdminRequest): string =>
  method === 'POST' ? '/console' : `${path}?${query.toString()}`;
