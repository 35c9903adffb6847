import type { WireResponse } from '../../wire/exchange.ts';
import { html } from './html.ts';
import type { PageContext } from './page-context.ts';
import { renderPage } from './page.ts';
import type { Page } from './page.ts';

/**
 * As many bytes as a location and a cookie may have together. A proxy reads all headers of a response into one page of memory,
 * by default of nginx 4096 bytes, and answers 502 where they do not fit; the rest is for the other headers.
 */
const HEADERS_MAX_BYTES = 3500;

/** A redirect: its status, of which 303 makes a browser send a GET request after a form, and a cookie that it sets. */
type RedirectOptions = { readonly status: 302 | 303; readonly setCookie?: string | undefined };

/** Redirects a browser; by a page that leads there, where the location is too long for a header. */
export const redirect = (
  pageContext: PageContext,
  location: string,
  { status, setCookie }: RedirectOptions,
): WireResponse => {
  if (Buffer.byteLength(location) + (setCookie?.length ?? 0) > HEADERS_MAX_BYTES)
    return redirectByPage(pageContext, pageContext.texts.signIn.continuing, location, setCookie);
  return {
    status,
    headers: {
      Location: location,
      'Cache-Control': 'no-store',
      'Referrer-Policy': 'no-referrer',
      ...(setCookie === undefined ? {} : { 'Set-Cookie': setCookie }),
    },
    body: '',
  };
};

/**
 * Redirects a browser by a page that refreshes at once. For a form that leads to the identity provider, a redirect would not do: the
 * policy of the page that sent the form applies to every redirect that follows, and stops it.
 */
export const redirectByPage = (
  pageContext: PageContext,
  title: string,
  url: string,
  setCookie: string | undefined,
): WireResponse => {
  const page: Page = {
    status: 200,
    title,
    content: html`<h1>${title}</h1>
      <p class="actions"><a class="primary" href="${url}">${pageContext.texts.signIn.continue}</a></p>`,
    refreshTo: url,
    setCookie,
  };
  return renderPage(page, pageContext);
};
