import { readCookie, writeCookie } from '../../admin/api/session-cookie.ts';
import type { SessionContext } from '../../admin/api/session-cookie.ts';
import type { AdminRequest } from '../../admin/exchange.ts';
import { CONSOLE_ADDRESSES } from '../console-routes.ts';

/** Where somebody without a better wish begins. */
export const START_PAGE = '/console';

const PAGE = 'keyfob-operator-page';
/** As long as a person takes to sign in at a provider, or to get a link. */
const PAGE_SECONDS = 900;
const PAGE_MAX_CHARACTERS = 1000;
/** What was just done, which is not so the second time, and a language, which may be picked anew at the sign-in; a cookie keeps it. */
const ONCE_ONLY = ['done', 'value', 'lang'] as const;

/** A path with its query, where it has one. */
export const addressOf = (path: string, query: URLSearchParams): string =>
  query.size === 0 ? path : `${path}?${query.toString()}`;

/** A page of the console by its address; `undefined` for any other address, so that nobody is led elsewhere. */
const pageOf = (address: string): string | undefined => {
  const [path = '', query = ''] = address.split('?', 2);
  if (!CONSOLE_ADDRESSES.some((pattern) => pattern.test(path))) return undefined;
  const parameters = new URLSearchParams(query);
  for (const name of ONCE_ONLY) parameters.delete(name);
  const page = addressOf(path, parameters);
  return page.length > PAGE_MAX_CHARACTERS ? undefined : page;
};

/** The page that a request is for. A form is for the page that it was on, which browsers name to pages of the same origin. */
const pageOfRequest = ({ method, path, query, headers }: AdminRequest): string | undefined => {
  if (method !== 'POST') return pageOf(addressOf(path, query));
  const { referer = '' } = headers;
  const from = URL.canParse(referer) ? new URL(referer) : undefined;
  return from?.host === headers.host && from !== undefined
    ? pageOf(`${from.pathname}${from.search}`)
    : undefined;
};

/**
 * A cookie with the page that a request is for, until the sign-in. `Lax`, because a provider leads back from its own site;
 * a cookie, because neither a link from a terminal nor a provider knows the page.
 */
export const keepPage = (context: SessionContext, request: AdminRequest): string => {
  const page = pageOfRequest(request) ?? START_PAGE;
  return writeCookie(context, request, PAGE, encodeURIComponent(page), {
    seconds: PAGE_SECONDS,
    sameSite: 'Lax',
  });
};

/** The page that was asked for before the sign-in, or the start. */
export const readPage = (context: SessionContext, request: AdminRequest): string => {
  const value = readCookie(context, request, PAGE) ?? '';
  try {
    return pageOf(decodeURIComponent(value)) ?? START_PAGE;
  } catch {
    return START_PAGE;
  }
};

export const endPage = (context: SessionContext, request: AdminRequest): string =>
  writeCookie(context, request, PAGE, '', { seconds: 0, sameSite: 'Lax' });
