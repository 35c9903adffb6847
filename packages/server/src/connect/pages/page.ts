import type { WireResponse } from '../../wire/exchange.ts';
import { html } from './html.ts';
import type { Content } from './html.ts';
import type { PageContext } from './page-context.ts';
import { SCRIPT, STYLESHEET } from './static-files.ts';
import { LANGUAGES } from '../../language.ts';
import type { Language } from '../../language.ts';
import { TEXTS } from './texts.ts';

/** What is specific to one page; `renderPage` adds what all pages share. */
export type Page = {
  readonly status: number;
  readonly title: string;
  readonly content: Content;
  readonly setCookie?: string | undefined;
  readonly headers?: Readonly<Record<string, string>>;
  /** Where the browser goes at once, without a click. */
  readonly refreshTo?: string;
  /** The id of the form that a switch of language sends, so that nothing that was chosen is lost. */
  readonly keptForm?: string;
};

/** The `action` of a form that is sent to be shown again in another language. */
export const SWITCH_LANGUAGE = 'switch_language';

/** Renders a complete page, with headers that forbid every script but our own, framing, caching and referrers. */
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
  body: renderDocument(page, pageContext).text,
});

/** Loopback redirect URIs, on any port. A policy cannot name an IPv6 address. */
const LOOPBACK_TARGETS = 'http://127.0.0.1:* http://localhost:*';

/**
 * Chromium checks every redirect after a form against `form-action`: the one to the client, and each further one by the
 * client's own callback, whose targets we do not know. The policy therefore allows the scheme, not the origin. With the
 * origin, an owner would be stuck here, with the code already used, if the callback redirects to another host.
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
    `script-src 'self'`,
    `img-src 'self' data:`,
    `form-action 'self'${targets}`,
    `frame-ancestors 'none'`,
    `base-uri 'none'`,
  ].join('; ');
};

/** A drawing of a key fob. */
const ICON =
  'data:image/svg+xml,%3Csvg xmlns=%22http://www.w3.org/2000/svg%22 viewBox=%220 0 32 32%22%3E%3Crect x=%229%22 y=%222%22 width=%2214%22 height=%2228%22 rx=%227%22 fill=%22%2333506b%22/%3E%3Ccircle cx=%2216%22 cy=%2210%22 r=%223%22 fill=%22white%22/%3E%3C/svg%3E';

const renderDocument = (page: Page, pageContext: PageContext) => {
  const { language, texts, make, makeName } = pageContext;
  const refresh =
    page.refreshTo !== undefined && html`<meta http-equiv="refresh" content="0;url=${page.refreshTo}" />`;
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
        <link rel="stylesheet" href="${pageContext.base}${STYLESHEET.path}" />
        <script src="${pageContext.base}${SCRIPT.path}" defer></script>
      </head>
      <body class="make-${make ?? 'none'}">
        <header><p class="make">${makeName}</p></header>
        <main>${page.content}</main>
        <footer>
          <p>${texts.footer}</p>
          <nav aria-label="${texts.languages}">
            ${LANGUAGES.map((one) => linkTo(one, pageContext, page.keptForm))}
          </nav>
        </footer>
      </body>
    </html> `;
};

const linkTo = (one: Language, { language, target }: PageContext, keptForm: string | undefined): Content => {
  const name = TEXTS[one].language;
  if (one === language) return html`<span aria-current="true" lang="${one}">${name}</span>`;
  const address = withLanguage(target, one);
  return keptForm === undefined
    ? html`<a href="${address}" hreflang="${one}" lang="${one}">${name}</a>`
    : html`<button
        class="link"
        form="${keptForm}"
        formaction="${address}"
        name="action"
        value="${SWITCH_LANGUAGE}"
        lang="${one}"
      >
        ${name}
      </button>`;
};

/** The same address in another language; all other parameters stay as they are. */
const withLanguage = (target: string, language: Language): string => {
  const [path = '', ...rest] = target.split('?');
  const fields = rest.join('?').split('&');
  const others = fields.filter((field) => field !== '' && !/^lang(?:=|$)/.test(field));
  return `${path}?${[...others, `lang=${language}`].join('&')}`;
};
