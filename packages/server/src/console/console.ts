import { headersOfProblem, MethodUnknown, Problem, PROBLEMS } from '../admin/api/problem.ts';
import {
  endSessionCookie,
  isFormTokenOf,
  isOwnSite,
  readSessionCookie,
} from '../admin/api/session-cookie.ts';
import type { BrowserSession } from '../admin/api/session-cookie.ts';
import type { AdminAnswer, AdminPages, AdminRequest } from '../admin/exchange.ts';
import { html } from '../connect/pages/html.ts';
import { StoreError } from '../errors.ts';
import { endOperatorSession } from '../operations/operator-sessions.ts';
import { isAllowed } from '../operators/role.ts';
import type { ConsoleContext } from './console-context.ts';
import { renderConsolePage, seeOther } from './console-page.ts';
import type { ConsolePage } from './console-page.ts';
import type { ConsoleVisit } from './console-visit.ts';
import { CONSOLE_ROUTES } from './console-routes.ts';
import type { ConsoleRoute } from './routes/console-route.ts';
import { FORM_TOKEN } from './pages/parts.ts';
import { beginAtProvider, finishAtProvider } from './provider-sign-in.ts';
import { askToSignIn, linkPage, SIGN_IN, signInPage, useLink } from './sign-in.ts';
import { SCRIPT, STYLESHEET } from './static-files.ts';
import { pickLanguage } from '../language.ts';
import type { Language, Sentence } from '../language.ts';
import { TEXTS } from './texts/texts.ts';

const FORM_TYPE = /^application\/x-www-form-urlencoded\s*(?:;|$)/i;

/** The fields of a form; empty for anything else. */
const readForm = ({ method, headers, body }: AdminRequest): ReadonlyMap<string, string> =>
  method === 'POST' && FORM_TYPE.test(headers['content-type'] ?? '')
    ? new Map(new URLSearchParams(body))
    : new Map();

const methodOf = ({ method }: AdminRequest): string => (method === 'HEAD' ? 'GET' : method);

const languageOf = ({ query, headers }: AdminRequest): Language => {
  const cookie = /(?:^|; )keyfob-language=(?<language>[a-z]{2})/.exec(headers.cookie ?? '');
  return pickLanguage(query.get('lang') ?? cookie?.groups?.['language'], headers['accept-language']);
};

/** The answer, with the language that was picked, signed in or not. A choice lasts a year. `Lax`: a provider leads back from its own site. */
const keepLanguage = (answered: AdminAnswer, { query }: AdminRequest, language: Language): AdminAnswer => {
  if (query.get('lang') !== language) return answered;
  const cookie = `keyfob-language=${language}; Path=/console; Max-Age=31536000; HttpOnly; SameSite=Lax`;
  const { 'Set-Cookie': others = [], ...headers } = answered.headers ?? {};
  return { ...answered, headers: { ...headers, 'Set-Cookie': [others, cookie].flat() } };
};

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
    return await answer(context, request, language, session);
  } catch (error) {
    if (!(error instanceof StoreError)) throw error;
    return renderFault(error, language, request);
  }
};

/** Browsers name the origin of every form; one without it comes from none. */
const isSentByPage = (context: ConsoleContext, request: AdminRequest): boolean =>
  request.headers.origin !== undefined && isOwnSite(context, request);

const answer = async (
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
  const methods = CONSOLE_ROUTES.filter(({ pattern }) => pattern.test(path)).map((route) => route.method);
  return GATE_METHODS[path] ?? (methods.length === 0 ? ['GET', 'POST'] : methods);
};

/** The address of a page, for a switch of language; a form leads back to the start. */
const targetOf = ({ method, path, query }: AdminRequest): string =>
  method === 'POST' ? '/console' : `${path}?${query.toString()}`;

const findRoute = (
  method: string,
  path: string,
): { readonly route: ConsoleRoute; readonly path: Readonly<Record<string, string>> } | undefined => {
  for (const route of CONSOLE_ROUTES) {
    if (route.method !== method) continue;
    const groups = route.pattern.exec(path)?.groups;
    if (groups !== undefined) return { route, path: { ...groups } };
    if (route.pattern.test(path)) return { route, path: {} };
  }
  return undefined;
};

const visitOf = (
  { api, clock }: ConsoleContext,
  given: Pick<ConsoleVisit, 'request' | 'language' | 'session' | 'form' | 'path'>,
): ConsoleVisit => {
  const { operator } = given.session;
  const { requestId } = given.request;
  return {
    ...given,
    texts: TEXTS[given.language],
    nowMs: clock(),
    may: (permission) => isAllowed(operator.role, permission),
    async call<Body>(name: string, { query = {}, ...more }: Parameters<ConsoleVisit['call']>[1] = {}) {
      const entries = Object.entries(query).flatMap(([key, value]): [string, string][] =>
        value === undefined || value === '' ? [] : [[key, value]],
      );
      const { body } = await api.call({
        name,
        operator,
        requestId,
        language: given.language,
        query: new URLSearchParams(entries),
        ...more,
      });
      return body as Body;
    },
  };
};

/** A page that says in a sentence what did not work. */
const renderFault = (
  error: Problem | StoreError,
  language: Language,
  request: AdminRequest,
  visit?: ConsoleVisit,
): AdminAnswer => {
  const { problems } = TEXTS[language];
  const page = { title: problems.title, content: html`` } satisfies ConsolePage;
  const [status, sentence, faults] = describeFault(error, problems.sentences);
  const answered = renderConsolePage(
    {
      ...page,
      status,
      content: html`<section class="gate">
        <h1>${problems.title}</h1>
        <p class="lead">${sentence}</p>
        ${faults.map((fault) => html`<p ${isForeign(fault, language) && html`lang="en"`}>${fault[language]}</p>`)}
        <p><code class="quiet">${request.requestId}</code></p>
        <p><a class="button" href="/console">${problems.back}</a></p>
      </section>`,
    },
    { language, target: '/console', ...(visit === undefined ? {} : { visit }) },
  );
  const more = error instanceof Problem ? headersOfProblem(error) : {};
  return { ...answered, headers: { ...answered.headers, ...more } };
};

/** Whether what another program said is shown as it is. */
const isForeign = (fault: Sentence, language: Language): boolean =>
  language !== 'en' && fault[language] === fault.en;

const describeFault = (
  error: Problem | StoreError,
  sentences: (typeof TEXTS)['en']['problems']['sentences'],
): readonly [status: number, sentence: string, faults: readonly Sentence[]] => {
  if (error instanceof StoreError)
    return [503, sentences[error.kind === 'unavailable' ? 'store_unavailable' : 'outcome_unknown'], []];
  return [PROBLEMS[error.code][0], sentences[error.code], error.faults];
};
