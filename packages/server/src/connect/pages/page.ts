import type { WireResponse } from '../../wire/exchange.ts';
import { html } from './html.ts';
import type { Content } from './html.ts';
import type { PageContext } from './page-context.ts';
import { STYLESHEET_PATH } from './stylesheet.ts';
import { LANGUAGES, TEXTS } from './texts.ts';
import type { Language } from './texts.ts';

/** A page before it has its frame. */
export type Page = {
  readonly status: number;
  readonly title: string;
  readonly content: Content;
  readonly setCookie?: string | undefined;
  readonly headers?: Readonly<Record<string, string>>;
  /** Where the browser goes on by itself, at once. */
  readonly goesOnTo?: string;
};

/** A whole page with everything that keeps it to itself: no script, no frame, no store, no address told to others. */
export const renderPage = (page: Page, pageContext: PageContext): WireResponse => ({
  status: page.status,
  headers: {
    'Content-Type': 'text/html; charset=utf-8',
    'Content-Security-Policy': policyOf(pageContext),
    'X-Content-Type-Options': 'nosniff',
    'X-Frame-Options': 'DENY',
    'Referrer-Policy': 'no-referrer',
    'Cache-Control': 'no-store',
    'Cross-Origin-Opener-Policy': pageContext.keepsOpener ? 'unsafe-none' : 'same-origin',
    'Permissions-Policy': 'camera=(), geolocation=(), microphone=()',
    ...(page.setCookie === undefined ? {} : { 'Set-Cookie': page.setCookie }),
    ...page.headers,
  },
  body: frame(page, pageContext).text,
});

/** Sends a browser on; behind a form `status` 303 makes a GET of it. */
export const redirect = (location: string, status: 302 | 303, setCookie?: string): WireResponse => ({
  status,
  headers: {
    Location: location,
    'Cache-Control': 'no-store',
    'Referrer-Policy': 'no-referrer',
    ...(setCookie === undefined ? {} : { 'Set-Cookie': setCookie }),
  },
  body: '',
});

/** Where the browser may go on this machine; a policy cannot name an IPv6 address. */
const LOOPBACK_TARGETS = 'http://127.0.0.1:* http://localhost:*';

/**
 * Chromium holds every address that a form is redirected to against `form-action`: the client's, and those where the
 * client's own page sends the browser on to, of which only the client knows. So it is the scheme that is allowed: with the
 * origin alone an owner of an app whose callback leads to another host would be stuck here, with the code used up.
 */
const formTargetOf = (redirectUri: string): string => {
  const { protocol, hostname } = new URL(redirectUri);
  return protocol === 'http:' && !hostname.startsWith('[') ? LOOPBACK_TARGETS : protocol;
};

const policyOf = ({ redirectUri }: PageContext): string => {
  const targets = redirectUri === undefined ? '' : ` ${formTargetOf(redirectUri)}`;
  return [
    `default-src 'none'`,
    `style-src 'self'`,
    `img-src 'self' data:`,
    `form-action 'self'${targets}`,
    `frame-ancestors 'none'`,
    `base-uri 'none'`,
  ].join('; ');
};

/** A key fob, drawn. */
const ICON =
  'data:image/svg+xml,%3Csvg xmlns=%22http://www.w3.org/2000/svg%22 viewBox=%220 0 32 32%22%3E%3Crect x=%229%22 y=%222%22 width=%2214%22 height=%2228%22 rx=%227%22 fill=%22%2333506b%22/%3E%3Ccircle cx=%2216%22 cy=%2210%22 r=%223%22 fill=%22white%22/%3E%3C/svg%3E';

const frame = (page: Page, pageContext: PageContext) => {
  const { language, texts, make, makeName } = pageContext;
  const refresh =
    page.goesOnTo !== undefined && html`<meta http-equiv="refresh" content="0;url=${page.goesOnTo}" />`;
  return html`<!doctype html>
    <html lang="${language}">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <meta name="robots" content="noindex" />
        ${refresh}
        <title>${page.title} – ${makeName}</title>
        <link rel="icon" href="${ICON}" />
        <link rel="stylesheet" href="${pageContext.base}${STYLESHEET_PATH}" />
      </head>
      <body class="make-${make ?? 'none'}">
        <header><p class="make">${makeName}</p></header>
        <main>${page.content}</main>
        <footer>
          <p>${texts.footer}</p>
          <nav aria-label="${texts.languages}">${LANGUAGES.map((one) => linkTo(one, pageContext))}</nav>
        </footer>
      </body>
    </html> `;
};

const linkTo = (one: Language, { language, target }: PageContext): Content => {
  const name = TEXTS[one].language;
  return one === language
    ? html`<span aria-current="true" lang="${one}">${name}</span>`
    : html`<a href="${withLanguage(target, one)}" hreflang="${one}" lang="${one}">${name}</a>`;
};

/** The same request in another language; nothing else of it changes. */
const withLanguage = (target: string, language: Language): string => {
  const [path = '', ...rest] = target.split('?');
  const fields = rest.join('?').split('&');
  const others = fields.filter((field) => field !== '' && !/^lang(?:=|$)/.test(field));
  return `${path}?${[...others, `lang=${language}`].join('&')}`;
};
