import type { WireResponse } from '@keyfob/server/wire';
import { html } from './html.ts';
import type { Content } from './html.ts';
import { SCRIPT, STYLESHEET } from './static-files.ts';

/** What is specific to one page. */
export type Page = {
  readonly status: number;
  readonly title: string;
  /** Links in the head of the page. */
  readonly navigation: Content;
  readonly content: Content;
  /** The world whose journal the script follows, and from which change on. */
  readonly live?: { readonly world: string; readonly after: number };
};

const POLICY = [
  `default-src 'none'`,
  `style-src 'self'`,
  `script-src 'self'`,
  `connect-src 'self'`,
  `img-src data:`,
  `form-action 'self'`,
  `frame-ancestors 'none'`,
  `base-uri 'none'`,
].join('; ');

/** A drawing of a key fob. */
const ICON =
  'data:image/svg+xml,%3Csvg xmlns=%22http://www.w3.org/2000/svg%22 viewBox=%220 0 32 32%22%3E%3Crect x=%229%22 y=%222%22 width=%2214%22 height=%2228%22 rx=%227%22 fill=%22%2333506b%22/%3E%3Ccircle cx=%2216%22 cy=%2210%22 r=%223%22 fill=%22white%22/%3E%3C/svg%3E';

/** A complete page. Its headers forbid every script but our own, framing and caching. */
export const renderPage = (page: Page): WireResponse => ({
  status: page.status,
  headers: {
    'Content-Type': 'text/html; charset=utf-8',
    'Content-Security-Policy': POLICY,
    'X-Content-Type-Options': 'nosniff',
    'X-Frame-Options': 'DENY',
    // Not "no-referrer", with which browsers send no origin with a form.
    'Referrer-Policy': 'same-origin',
    'Cross-Origin-Opener-Policy': 'same-origin',
    'Cache-Control': 'no-store',
  },
  body: renderDocument(page).text,
});

const renderDocument = ({ title, navigation, content, live }: Page) =>
  html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <meta name="robots" content="noindex" />
        <title>${title} – Keyfob sandbox</title>
        <link rel="icon" href="${ICON}" />
        <link rel="stylesheet" href="${STYLESHEET.path}" />
        <script src="${SCRIPT.path}" defer></script>
      </head>
      <body>
        <a class="skip" href="#main">Skip to the content</a>
        <header>
          <p class="brand"><a href="/_sandbox/">Keyfob sandbox</a></p>
          ${navigation}
        </header>
        <main id="main" ${live !== undefined && html`data-world="${live.world}" data-after="${live.after}"`}>
          ${content}
        </main>
        <footer>
          <p>All times are UTC, by the clock of the world.</p>
          <p><a href="/_sandbox/openapi.json">The same as an API</a></p>
        </footer>
      </body>
    </html> `;
