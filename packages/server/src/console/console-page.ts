import { fill, html } from '../connect/pages/html.ts';
import type { Content } from '../connect/pages/html.ts';
import type { AdminAnswer } from '../admin/exchange.ts';
import type { ConsoleVisit } from './console-visit.ts';
import { formTo } from './pages/parts.ts';
import { SCRIPT, STYLESHEET } from './static-files.ts';
import { LANGUAGES } from '../language.ts';
import type { Language } from '../language.ts';
import { TEXTS } from './texts/texts.ts';
import type { Texts } from './texts/en.ts';

/** What is specific to one page. */
export type ConsolePage = {
  readonly status?: number;
  readonly title: string;
  readonly content: Content;
  /** The part of the navigation that it belongs to. */
  readonly part?: keyof Texts['nav'];
  /** Whether it lies below the page of its part. */
  readonly isBelow?: boolean;
  /** One sentence about what was just done. */
  readonly notice?: string | undefined;
  readonly setCookie?: readonly string[];
  /** Where the browser goes at once. */
  readonly refreshTo?: string;
};

const POLICY = [
  `default-src 'none'`,
  `style-src 'self'`,
  `script-src 'self'`,
  `connect-src 'self'`,
  `img-src 'self' data:`,
  `form-action 'self'`,
  `frame-ancestors 'none'`,
  `base-uri 'none'`,
].join('; ');

const HEADERS = {
  'Content-Security-Policy': POLICY,
  'X-Content-Type-Options': 'nosniff',
  'X-Frame-Options': 'DENY',
  'Referrer-Policy': 'same-origin',
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Permissions-Policy': 'camera=(), geolocation=(), microphone=()',
};

const ICON =
  'data:image/svg+xml,%3Csvg xmlns=%22http://www.w3.org/2000/svg%22 viewBox=%220 0 32 32%22%3E%3Crect x=%229%22 y=%222%22 width=%2214%22 height=%2228%22 rx=%227%22 fill=%22%2333506b%22/%3E%3Ccircle cx=%2216%22 cy=%2210%22 r=%223%22 fill=%22white%22/%3E%3C/svg%3E';

const PARTS: readonly (readonly [keyof Texts['nav'], string])[] = [
  ['find', '/console'],
  ['clients', '/console/clients'],
  ['troubles', '/console/troubles'],
  ['webhooks', '/console/webhooks'],
  ['live', '/console/live'],
  ['system', '/console/system'],
  ['audit', '/console/audit'],
];

/** What developers have instead: all about their own clients is one part. */
const PARTS_OF_DEVELOPERS: typeof PARTS = [
  ['project', '/console'],
  ['webhooks', '/console/webhooks'],
  ['live', '/console/live'],
];

/** Renders a page. `visit` is `undefined` where nobody is signed in. */
export const renderConsolePage = (
  page: ConsolePage,
  {
    language,
    visit,
    target,
  }: { readonly language: Language; readonly visit?: ConsoleVisit; readonly target: string },
): AdminAnswer => ({
  status: page.status ?? 200,
  type: 'text/html; charset=utf-8',
  body: renderDocument(page, language, visit, target).text,
  headers: {
    ...HEADERS,
    ...(page.setCookie === undefined ? {} : { 'Set-Cookie': page.setCookie }),
  },
});

/** Sends a browser on, after a form. */
export const seeOther = (location: string, setCookie?: readonly string[]): AdminAnswer => ({
  status: 303,
  type: 'text/plain; charset=utf-8',
  body: '',
  headers: {
    ...HEADERS,
    Location: location,
    ...(setCookie === undefined ? {} : { 'Set-Cookie': setCookie }),
  },
});

const renderDocument = (
  page: ConsolePage,
  language: Language,
  visit: ConsoleVisit | undefined,
  target: string,
) => {
  const texts = TEXTS[language];
  const { refreshTo } = page;
  return html`<!doctype html>
    <html lang="${language}">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <meta name="robots" content="noindex" />
        ${refreshTo !== undefined && html`<meta http-equiv="refresh" content="0;url=${refreshTo}" />`}
        <title>${page.title} – ${texts.product} ${texts.console}</title>
        <link rel="icon" href="${ICON}" />
        <link rel="stylesheet" href="${STYLESHEET.path}" />
        <script src="${SCRIPT.path}" defer></script>
      </head>
      <body>
        <a class="skip" href="#content">${texts.skip}</a>
        <header class="top">
          <p class="brand"><a href="/console">${texts.product}</a> <span>${texts.console}</span></p>
          ${visit !== undefined && renderNavigation(visit, page)}
        </header>
        <main id="content" tabindex="-1">
          ${page.notice !== undefined && html`<p class="notice" role="status">${page.notice}</p>`}
          ${page.content}
        </main>
        <footer>
          ${
            visit !== undefined &&
            html`${renderOperator(visit)}
              <p>${texts.times} <span id="zone">${texts.utc}</span></p>`
          }
          <nav aria-label="${texts.languages}">
            ${LANGUAGES.map((one) =>
              one === language
                ? html`<span aria-current="true" lang="${one}">${TEXTS[one].language}</span>`
                : html`<a href="${withLanguage(target, one)}" hreflang="${one}" lang="${one}"
                    >${TEXTS[one].language}</a
                  >`,
            )}
          </nav>
        </footer>
      </body>
    </html> `;
};

const renderNavigation = (visit: ConsoleVisit, { part, isBelow = false }: ConsolePage): Content => {
  const { texts } = visit;
  const isDeveloper = visit.session.operator.role === 'developer';
  const parts = isDeveloper
    ? PARTS_OF_DEVELOPERS
    : PARTS.filter(([name]) => name !== 'audit' || visit.may('audit.read'));
  const current = isBelow ? 'true' : 'page';
  const here = isDeveloper && (part === 'find' || part === 'clients') ? 'project' : part;
  return html`<nav class="parts" aria-label="${texts.navigation}">
    ${parts.map(
      ([name, path]) =>
        html`<a href="${path}" ${name === here && html`aria-current="${current}"`}>${texts.nav[name]}</a>`,
    )}
  </nav>`;
};

const renderOperator = (visit: ConsoleVisit): Content => {
  const { texts, session } = visit;
  const { name, role } = session.operator;
  return html`<div class="operator">
    <p>${fill((slot) => texts.signedInAs(slot, texts.roles[role]), html`<bdi>${name}</bdi>`)}</p>
    ${formTo(visit, '/console/sign-out', html`<button class="link">${texts.signOut}</button>`, 'inline')}
  </div>`;
};

/** The same address in another language. */
const withLanguage = (target: string, language: Language): string => {
  const [path = '', query = ''] = target.split('?');
  const parameters = new URLSearchParams(query);
  parameters.set('lang', language);
  return `${path}?${parameters.toString()}`;
};
